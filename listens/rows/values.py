"""Single values as files write them: texts, numbers and truths."""

from __future__ import annotations

from listens.rows.rejections import RowRejectedError

MAX_TEXT = 4096

_MOST_DIGITS = 19
_TRUE = frozenset(("true", "1", "t", "yes"))
_FALSE = frozenset(("false", "0", "f", "no"))


def text_of(value: object) -> str | None:
    """A text without white space around it; None when there is none.

    Raises:
        RowRejectedError: it's too long, or damaged.
    """
    if not isinstance(value, str):
        # A song named 1999 comes as a number from some tools that write JSON.
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 10**15:
            return None
        value = str(value)
    text = value.strip()
    if len(text) > MAX_TEXT:
        raise RowRejectedError("too_long")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise RowRejectedError("undecodable_text") from error
    return text or None


def number_of(value: object) -> int | float | None:
    """A number, or the one that a text stands for: spreadsheets write 61839 as 61839.0."""
    if isinstance(value, str):
        value = _parsed(value.strip())
    return None if isinstance(value, bool) or not isinstance(value, int | float) else value


def whole_of(value: object) -> int | None:
    """A whole number, however it's written."""
    number = number_of(value)
    if isinstance(number, float):
        return int(number) if number.is_integer() else None
    return number


def boolean_of(value: object) -> bool | None:
    """Whether it's said to be true; None when nothing is said."""
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip().casefold() if isinstance(value, str | int) else ""
    if text in _TRUE:
        return True
    return False if text in _FALSE else None


def _parsed(text: str) -> int | float | None:
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return int(text)
    try:
        return float(text)
    except ValueError:
        return None
