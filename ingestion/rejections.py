"""Rows that can't be counted: why, and where they are kept for the user to look at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

REASONS: dict[str, str] = {
    "no_time": "the row doesn't say when the playback ended",
    "bad_time": "the time is no date with a time of day",
    "before_1970": "the time is 1970 or earlier, a clock that was never set",
    "in_future": "the playback ended more than a day from now",
    "no_title": "the row names no track, episode or audiobook",
    "bad_ms_played": "the milliseconds played are missing or no whole number",
    "negative_ms_played": "the milliseconds played are less than zero",
    "absurd_ms_played": "the milliseconds played are more than a day",
    "no_listener": "the row doesn't say who listened, in a file of several listeners",
    "not_a_record": "the row isn't a record with the file's columns",
    "undecodable_text": "a text of the row is damaged: bytes that are no characters",
    "too_long": "a text of the row is longer than 4,096 characters",
}
"""Reason code → sentence, as shown to the user."""

EXAMPLES_SHOWN = 3
_RAW_CHARACTERS = 500


class RowRejectedError(ValueError):
    """One row can't become a listen; `reason` is a code in `REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(REASONS[reason])
        self.reason = reason


@dataclass(frozen=True)
class Rejection:
    """One row that isn't sent; `raw` holds no personal data."""

    row: int
    reason: str
    raw: Any

    def as_document(self) -> dict[str, Any]:
        """As it is written down."""
        return {
            "row": self.row,
            "reason": self.reason,
            "why": REASONS[self.reason],
            "raw": self.raw,
        }


class RejectionLog:
    """Counts the rejections of one import and writes them, one JSON object a line."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.by_reason: Counter[str] = Counter()
        self.examples: dict[str, list[Rejection]] = {}
        self._file: IO[str] | None = None

    @property
    def total(self) -> int:
        """Rows rejected so far."""
        return self.by_reason.total()

    def add(self, rejection: Rejection) -> None:
        """Count one rejected row and write it down."""
        self.by_reason[rejection.reason] += 1
        shown = self.examples.setdefault(rejection.reason, [])
        if len(shown) < EXAMPLES_SHOWN:
            shown.append(rejection)
        if file := self._opened():
            # ASCII output: a damaged text may hold what UTF-8 can't.
            file.write(json.dumps(rejection.as_document(), default=_shortened) + "\n")

    def close(self) -> None:
        """Close the file; nothing is left of an import without rejections."""
        if self._file:
            self._file.close()

    def _opened(self) -> IO[str] | None:
        if self._file is None and self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="ascii")
        return self._file


@contextmanager
def rejection_log(path: Path | None) -> Iterator[RejectionLog]:
    """A log whose file is closed at the end; without a path it only counts."""
    log = RejectionLog(path)
    try:
        yield log
    finally:
        log.close()


def shortened(raw: object) -> str:
    """A value as text, cut so that one broken row can't fill the log."""
    text = raw if isinstance(raw, str) else repr(raw)
    return text if len(text) <= _RAW_CHARACTERS else text[:_RAW_CHARACTERS] + "…"


def _shortened(raw: object) -> str:
    return shortened(raw)
