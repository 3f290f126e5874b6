"""A decoded micro-batch, judged: which rows are new, repeated or rejected."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import compress
from typing import Any

import numpy as np
import pyarrow as pa

from listens import store as collections
from listens.identity import seen_key
from listens.rules import MESSAGE_REJECTIONS
from listens.store import Store
from streaming.names import KnownNames, names_of
from streaming.recent import recent_document

# A message of a megabyte of nonsense is kept, but not whole: it's for a person to look at.
RAW_BYTES_KEPT = 10_000


@dataclass(frozen=True)
class Batch:
    """What one micro-batch adds.

    Attributes:
        new: listens that were never counted, as `decoded` gives them.
        seen: for each of them what `seen` keeps.
        rejected: messages that are no listen.
        spans: partition → first and last offset.
        counts: `events` (new ones), `duplicates`, `rejected`, and `imports`: import → `new` and
            `duplicate`.
        names: documents of songs, artists and albums that the store doesn't hold yet.
    """

    new: pa.Table
    seen: list[bytes]
    rejected: pa.Table
    spans: dict[int, tuple[int, int]]
    counts: dict[str, Any]
    names: list[dict[str, Any]]

    def documents(self, *, seq: int) -> dict[str, list[dict[str, Any]]]:
        """What belongs into each collection besides the commit and its segments."""
        return {
            collections.SEEN: [{"_id": key, "seq": seq} for key in self.seen],
            collections.NAMES: self.names,
            collections.RECENT_LISTENS: recent_document(self.new, seq=seq),
            collections.REJECTED_EVENTS: _rejected_documents(self.rejected, seq=seq),
        }


def in_order(events: pa.Table) -> pa.Table:
    """As they stand on Kafka, partition after partition: any first part can be committed alone."""
    return events.sort_by([("partition", "ascending"), ("offset", "ascending")])


def judged(events: pa.Table, *, store: Store, known_names: KnownNames) -> Batch:
    """Tell new listens from repeats of this batch or of earlier commits, and from rejections.

    `events` are `in_order`: of repeats, the first counts.
    """
    is_listen = np.array(events["rejection"].is_null())
    listens = events.filter(pa.array(is_listen))
    keys = _seen_keys(listens)
    is_new = _first_seen(keys, store=store)
    new = listens.filter(pa.array(is_new))
    rejected = events.filter(pa.array(~is_listen))
    return Batch(
        new=new,
        seen=[*compress(keys, is_new)],
        rejected=rejected,
        spans=_spans(events),
        counts={
            "events": new.num_rows,
            "duplicates": listens.num_rows - new.num_rows,
            "rejected": rejected.num_rows,
            "imports": _import_counts(listens["import_id"].to_pylist(), is_new),
        },
        names=known_names.missing(names_of(new), store=store),
    )


def _seen_keys(listens: pa.Table) -> list[bytes]:
    moments = listens["ended_at"].cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
    columns = (listens["event_id"], listens["listener_id"], moments)
    return [seen_key(*one) for one in zip(*(column.to_pylist() for column in columns), strict=True)]


def _first_seen(keys: list[bytes], *, store: Store) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """True where a key stands for the first time, here and in all commits before."""
    earlier = store[collections.SEEN].find({"_id": {"$in": sorted(set(keys))}}, {"_id": 1})
    seen = {document["_id"] for document in earlier}
    is_new = np.zeros(len(keys), bool)
    for place, key in enumerate(keys):
        is_new[place] = key not in seen
        seen.add(key)
    return is_new


def _import_counts(
    import_ids: list[str | None], is_new: np.ndarray[Any, np.dtype[np.bool_]]
) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = defaultdict(lambda: Counter(new=0, duplicate=0))
    for import_id, new in zip(import_ids, is_new.tolist(), strict=True):
        if import_id is not None:
            counts[import_id]["new" if new else "duplicate"] += 1
    return {import_id: dict(count) for import_id, count in counts.items()}


def _spans(events: pa.Table) -> dict[int, tuple[int, int]]:
    spans = events.group_by("partition").aggregate([("offset", "min"), ("offset", "max")])
    return {row["partition"]: (row["offset_min"], row["offset_max"]) for row in spans.to_pylist()}


def _rejected_documents(rejected: pa.Table, *, seq: int) -> list[dict[str, Any]]:
    return [
        {
            "_id": {name: row[name] for name in ("topic", "partition", "offset")},
            "seq": seq,
            "reason": row["rejection"],
            "why": MESSAGE_REJECTIONS[row["rejection"]],
            "key": row["key"],
            "value": row["value"] and row["value"][:RAW_BYTES_KEPT],
            "at": datetime.now(UTC),
        }
        for row in rejected.to_pylist()
    ]
