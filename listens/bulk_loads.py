"""Bulk loads: histories that reach the archive past Kafka, and how far each has come.

A load is a segment of the archive of its own: its rows stand at a `partition` below zero, which
no topic has, so that a place in the archive stays (partition, offset). One document a load:
`{_id, listener_id, files, state, started_at, touched_at, rows, events, counts, sealed_at}`.
`files` has `import_id`, `sha256` and `date_order` of each; `rows` is how many were staged,
`events` how many of them count, `counts` both ways for each import. `listener_id` is None for
files of several listeners.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from listens import store as collections
from listens.settings import Settings
from listens.store import Document, Store

STAGING = "staging"
"""Its parts are being written; stopped here, it's as if it had never begun."""
STAGED = "staged"
"""All its parts are written."""
WRITTEN = "written"
"""Its rows are in the archive, and don't count yet. From here on it only goes forward."""
CLAIMED = "claimed"
"""Its events are in `seen`; `counts` tells which rows were counted before."""
SEALED = "sealed"
"""The archive has of it just the rows that count, in each version from the next one on."""

UNDER_WAY = (WRITTEN, CLAIMED)
"""Events that come by Kafka meanwhile may be taken for repeats of rows that don't count yet."""

UNFINISHED = (STAGING, STAGED, *UNDER_WAY)


def partition_of(number: int) -> int:
    """Where a load's rows stand in the archive."""
    return -number


def seen_as(number: int) -> int:
    """The `seq` under which `seen` has a load's events: below that of any commit."""
    return -number


def parts_uri(settings: Settings, number: int) -> str:
    """The folder of a load's staged parts: Parquet files with `offset`, `key` and `value`.

    `offset` numbers all rows of the load; `key` and `value` are what Kafka would get.
    """
    return f"{settings.staging}/{number}"


def begin(store: Store, *, listener_id: str | None, files: Sequence[Mapping[str, Any]]) -> int:
    """Open the account of a load; returns its number."""
    loads, now = store[collections.BULK_LOADS], datetime.now(UTC)
    facts = {"listener_id": listener_id, "files": [dict(file) for file in files]}
    while True:
        newest = loads.find_one({}, {"_id": 1}, sort=[("_id", -1)])
        number = int(newest["_id"]) + 1 if newest else 1
        try:
            loads.insert_one(
                {"_id": number, **facts, "state": STAGING, "started_at": now, "touched_at": now}
            )
        except DuplicateKeyError:  # another one has begun at the same moment
            continue
        return number


def advance(store: Store, number: int, *, to: str, after: str, **facts: Any) -> bool:
    """Note the next state, unless somebody else has; whether it was noted."""
    values = {**facts, "state": to, "touched_at": datetime.now(UTC)}
    step = store[collections.BULK_LOADS].update_one(
        {"_id": number, "state": after}, {"$set": values}
    )
    return step.matched_count == 1


def discard(store: Store, number: int) -> None:
    """Forget a load of which nothing has reached the archive."""
    store[collections.BULK_LOADS].delete_one({"_id": number, "state": STAGING})


def in_state(store: Store, *states: str) -> list[Document]:
    """The loads in some states, the oldest first."""
    return list(store[collections.BULK_LOADS].find({"state": {"$in": states}}, sort=[("_id", 1)]))


def one(store: Store, number: int) -> Document | None:
    """A load's document."""
    return store[collections.BULK_LOADS].find_one({"_id": number})


def events_of(loads: Iterable[Document]) -> dict[int, int]:
    """Number → events that count, of sealed loads."""
    return {int(load["_id"]): int(load["events"]) for load in loads}
