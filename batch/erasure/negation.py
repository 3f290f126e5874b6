"""The commits that take back what an erased listener's events have counted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pyarrow as pa
from pymongo.client_session import ClientSession

from listens import commits, erasures, recent
from listens import store as collections
from listens.aggregation.cells import COUNTED_SCHEMA, cells
from listens.aggregation.segments import segments
from listens.erasures import Erasure, part_of
from listens.errors import IntegrityError
from listens.store import Store

EVENTS_A_COMMIT = 5_000
"""About: its transaction fits MongoDB's smallest cache, as a micro-batch's does."""


def negate(
    store: Store, erasure: Erasure, counted: pa.Table, *, listener: str, views: Collection[str]
) -> Erasure:
    """Append the commits that take back `counted`, each event once; the erasure as it's then.

    `views` are the optional views that `counted` counts.

    Raises:
        IntegrityError: another process does the same, or the commits are gone.
        PyMongoError: MongoDB stayed away.
    """
    if not erasure.parts:
        erasure = replace(erasure, parts=max(1, -(-counted.num_rows // EVENTS_A_COMMIT)))
        parts = {"$set": {"parts": erasure.parts}}
        store[collections.ERASURES].update_one({"_id": erasure.number, "parts": 0}, parts)
    part_of_event = np.array(
        [part_of(one, erasure.parts) for one in counted["event_id"].to_pylist()], np.int64
    )
    for part in range(len(erasure.negations), erasure.parts):
        events = counted.filter(pa.array(part_of_event == part))
        seq = take_back(store, erasure, events, listener=listener, views=views)
        erasure = replace(erasure, negations=(*erasure.negations, seq))
    return replace(erasure, state=erasures.NEGATED)


def take_back(
    store: Store, erasure: Erasure, events: pa.Table, *, listener: str, views: Collection[str]
) -> int:
    """Take back the next part, in one transaction; the number of its commit."""
    negative = [
        replace(each, measures={name: -column for name, column in each.measures.items()})
        for each in cells(events.select(COUNTED_SCHEMA.names))
    ]

    def attempt() -> int:
        head = commits.head_of(store)
        if head is None:
            raise IntegrityError("the commits are gone; see docs/operations.md, 'MongoDB lost'")
        commit = commits.commit_document(head, head.until, views=views)
        commit |= {"events": -events.num_rows}
        seq = int(commit["_id"])
        documents = {
            collections.SPEED_COMMITS: [commit],
            collections.SPEED_SEGMENTS: segments(negative, seq=seq),
        }

        def advance(session: ClientSession) -> None:
            _advance(store, session, erasure, seq=seq, events=events.num_rows)
            _forget_recent(store, session, erasure, listener=listener)

        commits.write(store, documents, before=advance)
        return seq

    return commits.retried(attempt)


def _advance(
    store: Store, session: ClientSession, erasure: Erasure, *, seq: int, events: int
) -> None:
    """Each part is taken back once, whoever does it."""
    is_last = len(erasure.negations) + 1 == erasure.parts
    this_part = {"_id": erasure.number, "negations": {"$size": len(erasure.negations)}}
    change = {
        "$push": {"negations": seq},
        "$inc": {"events": events},
        "$set": {"state": erasures.NEGATED if is_last else erasures.BEGUN},
    }
    moved = store[collections.ERASURES].update_one(this_part, change, session=session)
    if not moved.matched_count:
        raise IntegrityError(
            "another process has taken the same erasure further; run the command again"
        )


def _forget_recent(
    store: Store, session: ClientSession, erasure: Erasure, *, listener: str
) -> None:
    """The live feed loses the listener with the counts."""
    recents = store[collections.RECENT_LISTENS]
    theirs = {"_id": {"$lt": erasure.number}, "listeners": listener}
    for document in recents.find(theirs, {"packed": 1}, session=session):
        others = recent.without_listener(recent.unpack(document["packed"]), listener)
        change = {"$set": recent.packed_fields(others)}
        recents.update_one({"_id": document["_id"]}, change, session=session)
