"""The newest listens, as columns: read once, extended commit by commit, filtered and paged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from api.merging.cache import Cache
from api.merging.snapshot import Snapshot
from api.web.problems import GoneError
from listens.erasures import digest_of
from listens.identity import normalised
from listens.recent import RECENT_KEPT, SCHEMA, newest, with_commit
from listens.store import ERASURES, RECENT_LISTENS, SPEED_COMMITS, Store

FOLDED = ("artist", "genre", "mood")
"""Texts that people write; all other fields are codes and compared as they are."""

_AT_ONCE = 4 * RECENT_KEPT

Erased = Mapping[str, int]
"""Digest of a listener → the commit since which nothing older of them is answered."""


@dataclass(frozen=True)
class Newest:
    """The newest listens at one moment.

    Attributes:
        until: the commit up to which they are looked at.
        erasures: those that had begun by then; what they forget isn't among the listens.
        listens: `listens.recent.SCHEMA` and `seq`, the newest first.
    """

    until: int
    erasures: Erased
    listens: pa.Table

    @property
    def nbytes(self) -> int:
        """Bytes of the columns."""
        return int(self.listens.nbytes)


def newest_listens(store: Store, cache: Cache, snapshot: Snapshot) -> pa.Table:
    """The newest listens up to the snapshot's head; those of the last time are only extended."""
    head_seq = snapshot.head_seq
    # With the lineage, so that nothing of a store that was emptied is in it.
    key = ("newest", snapshot.cut_seq, snapshot.lineage)
    begun = erased(store, head_seq)
    kept = cache.peek(key, Newest)
    if kept is None or kept.until > head_seq or kept.erasures != begun:
        kept = _read(store, head_seq, begun)
    elif kept.until < head_seq:
        tables = [with_commit(each) for each in commits_between(store, kept.until, head_seq)]
        kept = Newest(head_seq, begun, newest([kept.listens, *tables]))
    cache.put(key, kept)
    return kept.listens


def check_told(store: Store, head_seq: int) -> None:
    """Check that none of the newest listens after a commit can have been collected as garbage.

    Raises:
        GoneError: later ones had taken their place.
    """
    if store[RECENT_LISTENS].find_one({"_id": {"$gt": head_seq}, "collected": True}, {"_id": 1}):
        raise GoneError(
            f"the newest listens after commit {head_seq} aren't kept any more; begin again "
            "without head_seq"
        )


def _read(store: Store, head_seq: int, begun: Erased) -> Newest:
    """From the store, reading no further back than needed."""
    commits = store[RECENT_LISTENS].find({"_id": {"$lte": head_seq}}).sort("last_ended_at", -1)
    held, rows, oldest = [no_listens()], 0, None
    for commit in commits:
        # From here on, all commits end before the oldest that's kept.
        if oldest and commit["last_ended_at"] < oldest:
            break
        held.append(without_erased(with_commit(commit), begun))
        rows += held[-1].num_rows
        if rows >= _AT_ONCE or (oldest is None and rows >= RECENT_KEPT):
            held = [newest(held)]
            rows, oldest = held[0].num_rows, held[0]["ended_at"][-1].as_py()
    return Newest(head_seq, begun, newest(held))


def commits_between(
    store: Store, after: int, until: int, *, most: int = 0
) -> Iterator[dict[str, Any]]:
    """The documents of the commits after `after` up to `until`, in their order; 0: all of them."""
    span = {"_id": {"$gt": after, "$lte": until}}
    return store[RECENT_LISTENS].find(span).sort("_id", 1).limit(most)


def kept_since(store: Store, after: int, until: int) -> int:
    """The commit after which the listens of all commits up to `until` are kept: `after`, or later.

    Commits stay longer than their listens; both go with the batch's garbage.
    """
    span = {"_id": {"$gt": after, "$lte": until}}
    held = {commit["_id"] for commit in store[RECENT_LISTENS].find(span, {"_id": 1})}
    expected = until
    for commit in store[SPEED_COMMITS].find(span, {"events": 1}).sort("_id", -1):
        if commit["_id"] != expected or (commit["events"] > 0 and expected not in held):
            break
        expected -= 1
    return expected


def erased(store: Store, head_seq: int) -> Erased:
    """The erasures that have begun by a commit."""
    found = store[ERASURES].find({"_id": {"$lte": head_seq}}, {"digest": 1}).sort("_id", 1)
    return {erasure["digest"]: erasure["_id"] for erasure in found}


def without_erased(listens: pa.Table, erasures: Erased) -> pa.Table:
    """Without what an erased listener had heard before the erasure."""
    if not erasures:
        return listens
    names = pc.unique(listens["listener_id"]).to_pylist()
    begun = {name: erasures[digest] for name in names if (digest := digest_of(name)) in erasures}
    for name, seq in begun.items():
        is_theirs = pc.equal(listens["listener_id"], name)
        listens = listens.filter(pc.invert(pc.and_(is_theirs, pc.less(listens["seq"], seq))))
    return listens


def fitting(listens: pa.Table, wanted: Mapping[str, Collection[Any]]) -> pa.Table:
    """The listens whose every field in `wanted` has one of its values."""
    for name, values in wanted.items():
        column = listens["listener_id" if name == "listener" else name]
        spelled = _spelled(column, values) if name in FOLDED else values
        listens = listens.filter(pc.is_in(column, pa.array(spelled, column.type)))
    return listens


def older(listens: pa.Table, after: tuple[datetime, bytes] | None) -> pa.Table:
    """Of listens in order, those that come after a place in it."""
    if after is None:
        return listens
    ended_at, event_id = after
    moment = pa.scalar(ended_at, listens["ended_at"].type)
    is_tied = pc.equal(listens["ended_at"], moment)
    is_next = pc.and_(is_tied, pc.less(listens["event_id"], pa.scalar(event_id)))
    return listens.filter(pc.or_(pc.less(listens["ended_at"], moment), is_next))


def no_listens() -> pa.Table:
    """Of a store in which nothing has been counted."""
    return SCHEMA.append(pa.field("seq", pa.int64())).empty_table()


def _spelled(column: pa.ChunkedArray, values: Iterable[str]) -> list[str]:
    """The spellings in the column that are one of the names."""
    folded = {normalised(value) for value in values}
    return [
        text for text in pc.unique(column.drop_null()).to_pylist() if normalised(text) in folded
    ]
