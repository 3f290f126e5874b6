"""What no reader can need any more: old generations, counted segments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from listens import store as collections
from listens.recent import RECENT_KEPT
from listens.store import Document, Store

COMMITS_KEPT = timedelta(days=30)
"""Commits stay longer than their segments: the balance of an import is told from them."""


def collect(store: Store, *, current: Document, previous: Document | None) -> dict[str, int]:
    """Remove what neither the current nor the previous version needs; collection → documents.

    The previous version is the grace: whoever read the pointer before the last swap still finds
    everything, and a rollback does too.
    """
    kept = [version for version in (current, previous) if version]
    oldest_cut = min(version["cut_seq"] for version in kept)
    return {
        collections.BATCH_CHARTS: _generations(store, kept),
        collections.SPEED_SEGMENTS: _delete(
            store, collections.SPEED_SEGMENTS, {"seq": {"$lte": oldest_cut}}
        ),
        collections.SPEED_COMMITS: _delete(
            store,
            collections.SPEED_COMMITS,
            {"_id": {"$lt": oldest_cut}, "at": {"$lt": datetime.now(UTC) - COMMITS_KEPT}},
        ),
        collections.RECENT_LISTENS: _recent(store),
        collections.BATCH_VERSIONS: _retire(store, kept),
    }


def _generations(store: Store, kept: list[Document]) -> int:
    charts = store[collections.BATCH_CHARTS]
    needed: dict[int, set[str]] = {}
    for version in kept:
        for window, about in version["windows"].items():
            needed.setdefault(about["generation"], set()).add(window)
    return sum(
        _delete(
            store,
            collections.BATCH_CHARTS,
            {"generation": generation, "window": {"$nin": sorted(needed.get(generation, ()))}},
        )
        for generation in charts.distinct("generation")
    )


def _retire(store: Store, kept: list[Document]) -> int:
    """Old versions stay in the list without their windows."""
    others = {"_id": {"$nin": [version["_id"] for version in kept]}, "state": "ready"}
    retired = {"$set": {"state": "retired"}, "$unset": {"windows": ""}}
    return store[collections.BATCH_VERSIONS].update_many(others, retired).modified_count


def _recent(store: Store) -> int:
    """What is neither among the newest by its end, nor among those that were counted last."""
    recents = store[collections.RECENT_LISTENS]
    facts = {"first_ended_at": 1, "last_ended_at": 1, "n": 1}
    held, oldest = 0, datetime.max.replace(tzinfo=UTC)
    for commit in recents.find({}, facts).sort("last_ended_at", -1):
        held += commit["n"]
        oldest = min(oldest, commit["first_ended_at"])
        if held >= RECENT_KEPT:
            break
    else:
        return 0
    # What ended before the oldest of the newest ten thousand is never among them. A stream that
    # was cut off goes on in the order of commits, whenever it was that somebody listened.
    held, last, newest = 0, 0, 0
    for commit in recents.find({}, {"n": 1}).sort("_id", -1):
        held, last, newest = held + commit["n"], commit["_id"], max(newest, commit["_id"])
        if held >= RECENT_KEPT:
            break
    stale = {"last_ended_at": {"$lt": oldest}, "_id": {"$lt": last}}
    if recents.find_one(stale, {"_id": 1}) is None:
        return 0
    # First, so that whoever finds no mark has read all: ten thousand since then outdo what goes.
    recents.update_one({"_id": newest}, {"$set": {"collected": True}})
    return _delete(store, collections.RECENT_LISTENS, stale)


def _delete(store: Store, collection: str, which: dict[str, Any]) -> int:
    return store[collection].delete_many(which).deleted_count
