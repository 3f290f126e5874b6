"""Listens as the ListenBrainz protocol shows them."""

from __future__ import annotations

import uuid
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from api.submitting.queries import UserListensQuery

STARTED = "listened_at"
"""Seconds since 1970 at which a listen began."""


def listens_between(listens: pa.Table, query: UserListensQuery) -> dict[str, Any]:
    """Some of a listener's listens (`listens.recent.SCHEMA`), the newest first."""
    began = pc.subtract(pc.cast(listens["ended_at"], pa.int64()), listens["ms_played"])
    started = pc.cast(pc.floor(pc.divide(pc.cast(began, pa.float64()), 1000)), pa.int64())
    ordered = listens.append_column(STARTED, started).sort_by(
        [(STARTED, "descending"), ("event_id", "descending")]
    )
    seconds = ordered[STARTED]
    bounds = pc.min_max(seconds).as_py()
    if query.max_ts is not None:
        ordered = ordered.filter(pc.less(ordered[STARTED], query.max_ts))
    if query.min_ts is not None:
        ordered = ordered.filter(pc.greater(ordered[STARTED], query.min_ts))
    # Who goes on from a moment wants those right after it, and who comes from above the newest.
    is_upwards = query.min_ts is not None and query.max_ts is None
    shown = ordered[-query.most :] if is_upwards and query.most else ordered[: query.most]
    return {
        "count": shown.num_rows,
        "listens": [_item(row) for row in shown.to_pylist()],
        "latest_listen_ts": bounds["max"] or 0,
        "oldest_listen_ts": bounds["min"] or 0,
    }


def _item(row: dict[str, Any]) -> dict[str, Any]:
    msid = str(uuid.UUID(bytes=row["song_id"]))
    info = {
        "recording_msid": msid,
        "duration_ms": row["duration_ms"],
        "duration_played": row["ms_played"] / 1000,
        "submission_client": "Playcount",
    }
    return {
        STARTED: row[STARTED],
        "recording_msid": msid,
        "user_name": row["listener_id"],
        "track_metadata": {
            "artist_name": row["artist"],
            "track_name": row["title"],
            "release_name": row["album"],
            "additional_info": {name: value for name, value in info.items() if value is not None},
        },
    }
