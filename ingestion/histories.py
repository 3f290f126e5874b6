"""A file that was recognised, and the formats that it can be of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ingestion.sources import Source
from listens.errors import UserMistakeError
from listens.rows.times import DateOrder

FORMATS = {
    "extended": "extended streaming history (JSON)",
    "account": "account data (JSON)",
    "csv": "spotify_history.csv or a copy of it",
    "listenbrainz": "ListenBrainz listens (JSON Lines, JSON)",
    "lastfm": "Last.fm scrobbles (CSV, JSON)",
    "maloja": "Maloja scrobbles (JSON)",
    "jsonl": "JSON Lines, such as playcount simulate writes",
    "avro": "listening-history records (Avro)",
}
"""Format → what it is. A listen's `source` is one of these."""

Rows = Iterator[tuple[int, Any]]


class NoHistoryError(UserMistakeError):
    """A file that is something else; left out when it came along with a folder or archive."""


@dataclass(frozen=True)
class History:
    """A file that was recognised as a whole, and can be read.

    Attributes:
        source: where it is.
        format: one of `FORMATS`.
        size: unpacked bytes.
        sha256: of the unpacked bytes.
        row_count: records, good and bad.
        date_order: of a table whose dates have the year last.
        rows: reads the records again from the beginning.
        has_listeners: the records say whose they are.
    """

    source: Source
    format: str
    size: int
    sha256: str
    row_count: int
    date_order: DateOrder | None
    rows: Callable[[], Rows]
    has_listeners: bool = False
