"""A decoded micro-batch, judged: which rows are new, repeated or rejected."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import compress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pymongo.client_session import ClientSession

from listens import store as collections
from listens.aggregation.documents import recent_documents, rejected_document, seen_keys
from listens.erasures import Erasure, digest_of
from listens.rules import ERASED
from listens.store import Store
from streaming.names import KnownNames, names_of


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
        forgotten: those of `seen` that the store holds from before their listener was erased.
    """

    new: pa.Table
    seen: list[bytes]
    rejected: pa.Table
    spans: dict[int, tuple[int, int]]
    counts: dict[str, Any]
    names: list[dict[str, Any]]
    forgotten: list[bytes]

    def forget(self, store: Store, session: ClientSession) -> None:
        """Make place in `seen` for what is counted anew."""
        if self.forgotten:
            which = {"_id": {"$in": self.forgotten}}
            store[collections.SEEN].delete_many(which, session=session)

    def documents(self, *, seq: int) -> dict[str, list[dict[str, Any]]]:
        """What belongs into each collection besides the commit and its segments."""
        return {
            collections.SEEN: [{"_id": key, "seq": seq} for key in self.seen],
            collections.NAMES: self.names,
            collections.RECENT_LISTENS: recent_documents(self.new, seq=seq),
            collections.REJECTED_EVENTS: [
                rejected_document(row, seq=seq, at=datetime.now(UTC))
                for row in self.rejected.to_pylist()
            ],
        }


def judged(
    events: pa.Table,
    *,
    store: Store,
    known_names: KnownNames,
    unfinished: Sequence[Erasure] = (),
) -> Batch:
    """Tell new listens from repeats of this batch or of earlier commits, and from rejections.

    `events` are as `Waiting` gives them: of repeats, the first counts. Where an erasure is
    `unfinished`, what its listener heard before it doesn't make a repeat.
    """
    is_listen = np.array(events["rejection"].is_null())
    is_erased = np.array(pc.fill_null(pc.equal(events["rejection"], ERASED), fill_value=False))
    listens = events.filter(pa.array(is_listen))
    erased = events.filter(pa.array(is_erased))
    keys = seen_keys(listens)
    seen = _seen(keys, store=store)
    forgotten = _forgotten(keys, listens, seen, unfinished) if unfinished else set()
    is_new = _first(keys, earlier=seen.keys() - forgotten)
    new = listens.filter(pa.array(is_new))
    rejected = events.filter(pa.array(~is_listen & ~is_erased))
    return Batch(
        new=new,
        seen=[*compress(keys, is_new)],
        rejected=rejected,
        spans=_spans(events),
        counts={
            "events": new.num_rows,
            "duplicates": listens.num_rows - new.num_rows,
            "rejected": rejected.num_rows,
            "erased": erased.num_rows,
            "imports": _import_counts(
                listens["import_id"].to_pylist(), is_new, erased["import_id"].to_pylist()
            ),
        },
        names=known_names.missing(names_of(new), store=store),
        forgotten=sorted(forgotten),
    )


def _seen(keys: list[bytes], *, store: Store) -> dict[bytes, int]:
    """The keys that earlier commits counted, and the number of each one's commit."""
    wanted = {"_id": {"$in": sorted(set(keys))}}
    found = store[collections.SEEN].find(wanted, {"seq": 1})
    return {document["_id"]: document["seq"] for document in found}


def _forgotten(
    keys: list[bytes], listens: pa.Table, seen: dict[bytes, int], unfinished: Sequence[Erasure]
) -> set[bytes]:
    """The keys that were seen only before their listener was erased."""
    numbers = {each.digest: each.number for each in unfinished}
    erased_at = {
        name: numbers.get(digest_of(name), -1)
        for name in pc.unique(listens["listener_id"]).to_pylist()
    }
    owners = zip(keys, listens["listener_id"].to_pylist(), strict=True)
    return {key for key, name in owners if seen.get(key, erased_at[name]) < erased_at[name]}


def _first(keys: list[bytes], *, earlier: Collection[bytes]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """True where a key stands for the first time, here and in all commits before."""
    seen = set(earlier)
    is_new = np.zeros(len(keys), bool)
    for place, key in enumerate(keys):
        is_new[place] = key not in seen
        seen.add(key)
    return is_new


def _import_counts(
    import_ids: list[str | None],
    is_new: np.ndarray[Any, np.dtype[np.bool_]],
    erased: list[str | None],
) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = defaultdict(lambda: Counter(new=0, duplicate=0))
    for import_id, new in zip(import_ids, is_new.tolist(), strict=True):
        if import_id is not None:
            counts[import_id]["new" if new else "duplicate"] += 1
    for import_id in erased:
        if import_id is not None:
            counts[import_id]["erased"] += 1
    return {import_id: dict(count) for import_id, count in counts.items()}


def _spans(events: pa.Table) -> dict[int, tuple[int, int]]:
    spans = events.group_by("partition").aggregate([("offset", "min"), ("offset", "max")])
    return {row["partition"]: (row["offset_min"], row["offset_max"]) for row in spans.to_pylist()}
