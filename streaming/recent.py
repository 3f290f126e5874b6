"""The newest listens of a commit, for the live feed."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from listens.store import RECENT_KEPT

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
