"""Where MongoDB names an erased listener besides the counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from batch.erasure.access import forget_access
from batch.erasure.before import before
from batch.erasure.loads import NOBODY, forget_loads
from batch.erasure.raw import is_by
from listens import store as collections
from listens.erasures import Erasure
from listens.errors import UserMistakeError
from listens.store import Document, Store

IDS_AT_ONCE = 10_000

STALE_AFTER = timedelta(seconds=60)
"""An import that reads touches its account every few seconds."""


def refuse_while_importing(store: Store, listener: str) -> None:
    """Wait for nothing: who imports a listener's history doesn't mean to erase it yet.

    Raises:
        UserMistakeError: an import of the listener is reading its file.
    """
    # None: of several listeners, of whom this may be one.
    reading = {"listener_id": {"$in": [listener, None]}, "state": "reading"}
    alive = {"touched_at": {"$gt": datetime.now(UTC) - STALE_AFTER}}
    if found := store[collections.IMPORTS].find_one({**reading, **alive}):
        raise UserMistakeError(
            f"import {found['_id']} of this listener is running; stop it, or wait for its end"
        )


def forget(
    store: Store,
    erasure: Erasure,
    *,
    listener: str,
    seen: Sequence[bytes],
) -> None:
    """Remove the listener from `seen`, rejected events, imports, and who may do what.

    `seen` are the keys of the events that were counted before the erasure.
    """
    for first in range(0, len(seen), IDS_AT_ONCE):
        keys = seen[first : first + IDS_AT_ONCE]
        which = {"_id": {"$in": keys}, "seq": {"$lt": erasure.number}}
        store[collections.SEEN].delete_many(which)
    rejected = [document["_id"] for document in rejected_events(store, erasure, listener)]
    for first in range(0, len(rejected), IDS_AT_ONCE):
        some = {"_id": {"$in": rejected[first : first + IDS_AT_ONCE]}}
        store[collections.REJECTED_EVENTS].delete_many(some)
    _forget_imports(store, erasure, listener)
    forget_access(store, erasure, listener)


def rejected_events(store: Store, erasure: Erasure | None, listener: str) -> Iterator[Document]:
    """The listener's rejected messages before the erasure, under whatever key; or all of them."""
    candidates = {"$or": [{"key": listener.encode()}, {"reason": "key_mismatch"}]}
    for document in store[collections.REJECTED_EVENTS].find(candidates):
        place = document["_id"]
        is_before = erasure is None or place["offset"] < erasure.until.get(place["partition"], 0)
        is_theirs = document["key"] == listener.encode() or is_by(listener, document["value"])
        if is_before and is_theirs:
            yield document


def imports_of(store: Store, erasure: Erasure | None, listener: str) -> list[Document]:
    """The accounts of the listener's imports before the erasure, or all of them."""
    theirs = {"listener_id": listener} | before(store, erasure, "started_at")
    return list(store[collections.IMPORTS].find(theirs))


def _forget_imports(store: Store, erasure: Erasure, listener: str) -> None:
    """Leave the accounts, which balance, without whose they are; their ids lead to the rows."""
    ids = [document["_id"] for document in imports_of(store, erasure, listener)]
    store[collections.ERASURES].update_one(
        {"_id": erasure.number}, {"$addToSet": {"imports": {"$each": ids}}}
    )
    forget_loads(store, erasure, listener)
    # The checksum tells somebody who has the file whose import it was.
    nameless = {"$set": {"listener_id": NOBODY, "file": NOBODY}, "$unset": {"sha256": ""}}
    store[collections.IMPORTS].update_many({"_id": {"$in": ids}}, nameless)
