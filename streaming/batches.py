"""A decoded micro-batch, judged: which rows are new, repeated or rejected."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from listens import store as collections
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
        rejected: messages that are no listen.
        spans: partition → first and last offset.
        counts: `events` (new ones), `duplicates`, `rejected`, and `imports`: import → `new` and
            `duplicate`.
        names: documents of songs, artists and albums that the store doesn't hold yet.
    """

    new: pa.Table
    rejected: pa.Table
    spans: dict[int, tuple[int, int]]
    counts: dict[str, Any]
    names: list[dict[str, Any]]

    def documents(self, *, seq: int) -> dict[str, list[dict[str, Any]]]:
        """What belongs into each collection besides the commit and its segments."""
        return {
            collections.SEEN: [
                {"_id": event_id, "seq": seq} for event_id in self.new["event_id"].to_pylist()
            ],
            collections.NAMES: self.names,
            collections.RECENT_LISTENS: recent_document(self.new, seq=seq),
            collections.REJECTED_EVENTS: _rejected_documents(self.rejected, seq=seq),
        }


def judged(events: pa.Table, *, store: Store, known_names: KnownNames) -> Batch:
    """Tell new listens from repeats of this batch or of earlier commits, and from rejections."""
    events = events.sort_by([("partition", "ascending"), ("offset", "ascending")])
    is_listen = np.array(events["rejection"].is_null())
    listens = events.filter(pa.array(is_listen))
    is_new = _first_seen(listens["event_id"].to_pylist(), store=store)
    new = listens.filter(pa.array(is_new))
    rejected = events.filter(pa.array(~is_listen))
    return Batch(
        new=new,
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


def _first_seen(event_ids: list[bytes], *, store: Store) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """True where an id stands for the first time, here and in all commits before."""
    earlier = store[collections.SEEN].find({"_id": {"$in": list(set(event_ids))}}, {"_id": 1})
    seen = {document["_id"] for document in earlier}
    is_new = np.zeros(len(event_ids), bool)
    for place, event_id in enumerate(event_ids):
        is_new[place] = event_id not in seen
        seen.add(event_id)
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
