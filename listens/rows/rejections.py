"""Rows that can't be counted, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

REASONS: dict[str, str] = {
    "no_time": "the row doesn't say when the playback ended",
    "bad_time": "the time is no date with a time of day",
    "before_1970": "the time is 1970 or earlier, a clock that was never set",
    "in_future": "the playback ended more than a day from now",
    "no_title": "the row names no track, episode or audiobook",
    "bad_ms_played": "the milliseconds played are missing or no whole number",
    "negative_ms_played": "the milliseconds played are less than zero",
    "absurd_ms_played": "the milliseconds played are more than a day",
    "no_listener": "the row doesn't say who listened",
    "not_a_record": "the row isn't a record of names and values",
    "undecodable_text": "a text of the row is damaged: bytes that are no characters",
    "too_long": "a text of the row is longer than 4,096 characters",
}
"""Reason code → sentence, as shown to the user."""

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


def shortened(raw: object) -> str:
    """A value as text, cut so that one broken row can't fill the log."""
    text = raw if isinstance(raw, str) else repr(raw)
    return text if len(text) <= _RAW_CHARACTERS else text[:_RAW_CHARACTERS] + "…"
