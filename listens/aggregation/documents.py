"""Documents that stand beside the counts: what was seen, the newest listens, rejected messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from listens.identity import seen_key
from listens.rules import MESSAGE_REJECTIONS
from listens.store import RECENT_KEPT, Document

RAW_BYTES_KEPT = 10_000
"""A message of a megabyte of nonsense is kept, but not whole: it's for a person to look at."""

RECENT_FIELDS = (
    "event_id", "listener_id", "ended_at", "ms_played", "kind", "song_id", "title", "artist",
    "album", "genre", "platform", "country", "city", "mood", "skipped", "completed",
    "reason_end", "rating", "duration_ms",
)  # fmt: skip


def recent_document(listens: pa.Table, *, seq: int) -> list[dict[str, Any]]:
    """One document with the newest first, or none where there are no listens."""
    if not listens.num_rows:
        return []
    # Nothing older than a commit's newest so many can be among the newest of all.
    newest = pc.select_k_unstable(
        listens, k=min(RECENT_KEPT, listens.num_rows), sort_keys=[("ended_at", "descending")]
    )
    rows = listens.take(newest).select(RECENT_FIELDS).to_pylist()
    rows.sort(key=lambda row: (row["ended_at"], row["event_id"]), reverse=True)
    return [
        {
            "_id": seq,
            "first_ended_at": rows[-1]["ended_at"],
            "last_ended_at": rows[0]["ended_at"],
            "listens": [
                {name: value for name, value in row.items() if value is not None} for row in rows
            ],
        }
    ]


def rejected_document(row: Mapping[str, Any], *, seq: int, at: datetime) -> Document:
    """A message that's no listen, from its row as `decoded` gives it."""
    return {
        "_id": {name: row[name] for name in ("topic", "partition", "offset")},
        "seq": seq,
        "reason": row["rejection"],
        "why": MESSAGE_REJECTIONS[row["rejection"]],
        "key": row["key"],
        "value": row["value"] and row["value"][:RAW_BYTES_KEPT],
        "at": at,
    }


def seen_keys(listens: pa.Table) -> list[bytes]:
    """What `seen` keeps of each listen."""
    moments = listens["ended_at"].cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
    columns = (listens["event_id"], listens["listener_id"], moments)
    return [seen_key(*one) for one in zip(*(column.to_pylist() for column in columns), strict=True)]
