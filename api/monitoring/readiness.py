"""Whether the API has what it needs to answer well: a store, and data that is fresh."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from listens.store import BATCH_POINTER, BATCH_VERSIONS, CURRENT, HEARTBEATS, Document, Store

READ_SECONDS = 2
HEARTBEAT_SECONDS = 60
"""Streaming tells that it lives every 2 s; its restart takes half a minute."""

_SECONDS_AN_HOUR = 3600


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `wrong` says what is, and is empty if all is well."""

    name: str
    wrong: str = ""
    age_seconds: float | None = None

    def shown(self) -> dict[str, Any]:
        """As it's answered."""
        return {"ok": not self.wrong, "age_seconds": self.age_seconds}


def checks(store: Store, *, now: datetime, batch_hours: float) -> list[Check]:
    """Store, streaming, and the batch version's age where `batch_hours` bounds it.

    Nothing is known of the layers while the store is away.
    """
    try:
        with pymongo.timeout(READ_SECONDS):
            return [Check("store"), *_of_layers(store, now, batch_hours)]
    except PyMongoError:
        return [Check("store", "MongoDB doesn't answer")]


def _of_layers(store: Store, now: datetime, batch_hours: float) -> Iterator[Check]:
    beat = store[HEARTBEATS].find_one({"_id": "streaming"}, {"at": 1})
    yield _fresh("streaming", beat, now, HEARTBEAT_SECONDS)
    if not batch_hours:
        return
    pointer = store[BATCH_POINTER].find_one({"_id": CURRENT})
    version = pointer and store[BATCH_VERSIONS].find_one({"_id": pointer["version"]}, {"at": 1})
    yield _fresh("batch", version, now, batch_hours * _SECONDS_AN_HOUR)


def _fresh(name: str, report: Document | None, now: datetime, most_seconds: float) -> Check:
    if report is None:
        return Check(name, f"{name} has never reported")
    age = round((now - report["at"]).total_seconds(), 1)
    late = f"{name} last reported {age:.0f} s ago; {most_seconds:.0f} s are allowed"
    return Check(name, late if age > most_seconds else "", age)
