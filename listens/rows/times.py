"""Times as the exports write them, as milliseconds since 1970 (UTC)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

DateOrder = Literal["dmy", "mdy"]

HALF_DAY = 12
MONTHS = 12

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
_CLOCK = r"[ T]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?"
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _CLOCK)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})" + _CLOCK)


class NotATimeError(ValueError):
    """A text that isn't a date with a time of day."""


def parse_ms(text: str, order: DateOrder | None = None) -> int:
    """Milliseconds since 1970; a time without zone is UTC, as all known exports write it.

    Args:
        text: ISO 8601 (`2024-02-03T04:05:06Z`), or a re-saved form such as `7/8/2013 2:44`.
        order: which of the first two numbers is the day when the year stands last.

    Raises:
        NotATimeError: no date with a time of day, or one whose order isn't known.
    """
    if _ISO.match(text):
        try:
            return _ms(datetime.fromisoformat(text))
        except (ValueError, OverflowError) as error:
            raise NotATimeError(text) from error
    return _parse_resaved(text, order)


def _ms(moment: datetime) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def _parse_resaved(text: str, order: DateOrder | None) -> int:
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found[1], found[2], found[3]
    elif (found := _YEAR_LAST.fullmatch(text)) and order is not None:
        year = found[3]
        day, month = (found[1], found[2]) if order == "dmy" else (found[2], found[1])
    else:
        raise NotATimeError(text)
    try:
        hour = _hour(int(found[4]), found[7])
        minute, second = int(found[5]), int(found[6] or 0)
        return _ms(datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=UTC))
    except ValueError as error:
        raise NotATimeError(text) from error


def _hour(hour: int, half: str | None) -> int:
    """12:05 am is 00:05, and 12:05 pm is 12:05."""
    if half is None:
        return hour
    if not 1 <= hour <= HALF_DAY:
        raise NotATimeError(f"{hour} {half}")
    return hour % HALF_DAY + (HALF_DAY if half.lower() == "pm" else 0)


@dataclass
class DateOrderEvidence:
    """What the dates of one file say about the order of day and month.

    Attributes:
        example: the first date whose year stands last; None: every date is clear by itself.
        day_first: a date that can only be day first (its first number is over 12).
        month_first: a date that can only be month first.
    """

    example: str | None = None
    day_first: str | None = None
    month_first: str | None = None

    def add(self, text: str) -> None:
        """Look at one more date of the file."""
        if text[4:5] == "-" or not (found := _YEAR_LAST.fullmatch(text.strip())):
            return
        self.example = self.example or text
        if int(found[1]) > MONTHS:
            self.day_first = self.day_first or text
        if int(found[2]) > MONTHS:
            self.month_first = self.month_first or text
