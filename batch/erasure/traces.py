"""What MongoDB still holds of a listener."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from pymongo.client_session import ClientSession

from batch import versions
from batch.bulk.loaded import sealed_loads, uncounted_events
from batch.erasure.access import access_held
from batch.erasure.forgetting import imports_of, rejected_events
from batch.erasure.loads import loads_before
from listens import bulk_loads
from listens import store as collections
from listens.erasures import DONE, Erasure
from listens.rules import DAYPARTS
from listens.store import Document, Store
from listens.views import SEPARATOR, VIEWS

_BY_LISTENER = ("listener", "listener+daypart")
_RANKING = tuple(view.name for view in VIEWS.values() if view.key == "listener_id")
"""Views whose keys are listeners."""

AGAIN = "run ./playcount erase again"
BATCHES = "the second ./playcount batch run after the erasure"


@dataclass(frozen=True)
class Trace:
    """Something that remains: in which store, what, and when it goes."""

    where: str
    what: str
    goes: str


def in_mongodb(store: Store, erasure: Erasure | None, listener: str) -> Iterator[Trace]:
    """What is there from before the erasure, or at all."""
    if erasure and not erasure.is_done:
        yield Trace("erasures", f"the erasure is {erasure.state}, and not done", AGAIN)
    counts = {
        collections.SPEED_SEGMENTS: (_segments(store, erasure, listener), "segments", BATCHES),
        collections.BATCH_CHARTS: (_charts(store, erasure, listener), "charts", BATCHES),
        collections.RECENT_LISTENS: (_recent(store, erasure, listener), "commits", AGAIN),
        collections.REJECTED_EVENTS: (
            sum(1 for _ in rejected_events(store, erasure, listener)), "messages", AGAIN,
        ),
        collections.IMPORTS: (len(imports_of(store, erasure, listener)), "accounts", AGAIN),
        collections.BULK_LOADS: (
            len(loads_before(store, erasure, listener)), "accounts", AGAIN,
        ),
        **{
            name: (count, "documents", AGAIN)
            for name, count in access_held(store, erasure, listener).items()
        },
        collections.SEEN: (_seen_too_many(store), "ids of events that don't count", AGAIN),
    }  # fmt: skip
    for where, (count, what, goes) in counts.items():
        if count:
            yield Trace(where, f"{count:,} {what}", goes)


def _segments(store: Store, erasure: Erasure | None, listener: str) -> int:
    wanted: Document = {"values": {"$in": _values(listener)}}
    earlier: Document = {}
    if erasure and erasure.negation is not None:
        # Its own negative cells name the listener, too.
        earlier["seq"] = {"$lte": erasure.negation}
    found = store[collections.SPEED_SEGMENTS].count_documents(
        {"view": {"$in": [*VIEWS]}, "by": {"$in": [*_BY_LISTENER]}} | wanted | earlier
    )
    ranked = store[collections.SPEED_SEGMENTS].find({"view": {"$in": [*_RANKING]}} | earlier)
    return found + sum(_names(segment, listener) for segment in ranked)


def _charts(store: Store, erasure: Erasure | None, listener: str) -> int:
    """Charts that no version made after the erasure refers to."""
    kept = [each for each in (versions.current(store), versions.previous(store)) if each]
    clean = {
        (window, about["generation"])
        for version in kept
        if erasure and erasure.negation is not None and version["cut_seq"] >= erasure.negation
        for window, about in version["windows"].items()
    }
    charts = store[collections.BATCH_CHARTS]
    of_them = {"view": {"$in": [*VIEWS]}, "value": {"$in": _values(listener)}}
    fields = {"window": 1, "generation": 1}
    found = charts.find(of_them | {"by": {"$in": [*_BY_LISTENER]}}, fields)
    ranked = charts.find({"view": {"$in": [*_RANKING]}}, {**fields, "key": 1, "n": 1})
    named = (chart for chart in ranked if _names(chart, listener))
    return sum((each["window"], each["generation"]) not in clean for each in chain(found, named))


def _values(listener: str) -> list[str]:
    """The values of slices that name a listener."""
    return [listener, *(f"{listener}{SEPARATOR}{daypart}" for daypart in DAYPARTS)]


def _names(packed: Document, listener: str) -> bool:
    """Whether a listener is among the keys of a packed chart or segment."""
    width = len(packed["key"]) // packed["n"]
    keys = np.frombuffer(packed["key"], f"S{width}")
    return listener.encode() in keys


def _recent(store: Store, erasure: Erasure | None, listener: str) -> int:
    wanted: Document = {"listeners": listener}
    if erasure:
        wanted["_id"] = {"$lt": erasure.number}
    return store[collections.RECENT_LISTENS].count_documents(wanted)


def _seen_too_many(store: Store) -> int:
    """Ids beyond one for each listen that counts: an id itself doesn't tell whose it is."""
    with store.client.start_session(snapshot=True) as session:
        # An unfinished erasure has ids that don't count any more, and is told by itself.
        unfinished = {"state": {"$ne": DONE}}
        if store[collections.ERASURES].find_one(unfinished, session=session):
            return 0
        if bulk_loads.in_state(store, *bulk_loads.UNDER_WAY):
            return 0
        ids = store[collections.SEEN].count_documents({}, session=session)
        return abs(ids - _events(store, session))


def _events(store: Store, session: ClientSession) -> int:
    pointer = store[collections.BATCH_POINTER].find_one({}, session=session)
    wanted = {"_id": pointer["version"]} if pointer else {"_id": None}
    version = store[collections.BATCH_VERSIONS].find_one(wanted, session=session)
    version = version or versions.NOTHING
    uncounted = uncounted_events(sealed_loads(store), version)
    later = {"_id": {"$gt": version["cut_seq"]}}
    commits = store[collections.SPEED_COMMITS].find(later, {"events": 1}, session=session)
    return uncounted + int(version["events"]) + sum(int(commit["events"]) for commit in commits)
