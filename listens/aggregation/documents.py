"""Documents that stand beside the counts: what was seen, the newest listens, rejected messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from listens import recent
from listens.aggregation.cells import measure_column
from listens.identity import is_to_the_minute, seen_key
from listens.rules import MESSAGE_REJECTIONS
from listens.store import Document

RAW_BYTES_KEPT = 10_000
"""A message of a megabyte of nonsense is kept, but not whole: it's for a person to look at."""

_RULED = {"skipped": measure_column("skips"), "completed": measure_column("completed")}

RECENT_FIELDS = tuple(_RULED.get(name, name) for name in recent.SCHEMA.names if name != "place")
"""Columns of a counted listen that the live feed is made of."""


def recent_documents(listens: pa.Table, *, seq: int) -> list[Document]:
    """One document with a commit's listens (RECENT_FIELDS), or none where there are none."""
    if not listens.num_rows:
        return []
    columns = {"place": pa.array(range(listens.num_rows), pa.int32())}
    for name in recent.SCHEMA.names[1:]:
        ruled = _RULED.get(name)
        columns[name] = pc.greater(listens[ruled], 0) if ruled else listens[name]
    # Spark's instants have microseconds, and a listen has none.
    shown = pa.table(columns).cast(recent.SCHEMA, safe=False)
    return [recent.recent_document(shown, seq=seq)]


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
    """What `seen` keeps of each listen; `listens` have the columns IDENTIFIED_BY."""
    moments = listens["ended_at"].cast(pa.timestamp("ms", "UTC")).cast(pa.int64()).to_pylist()
    names = ("event_id", "listener_id", "song_id", "ms_played", "source")
    columns = (listens[name].to_pylist() for name in names)
    return [
        seen_key(
            event_id,
            listener_id,
            moment // 1000,
            song_id,
            ms_played,
            to_the_minute=is_to_the_minute(source),
        )
        for moment, event_id, listener_id, song_id, ms_played, source in zip(
            moments, *columns, strict=True
        )
    ]
