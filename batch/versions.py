"""Versions of the batch view: reserved, published by one swap of a pointer, rolled back."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from listens import store as collections
from listens.errors import PlaycountError, UserMistakeError
from listens.store import CURRENT, Document, Store

LEASE = timedelta(seconds=60)
"""A run that hasn't said for so long that it's alive is dead."""

BUSY_EXIT = 75
"""sysexits.h's EX_TEMPFAIL: nothing is wrong, try again."""

BATCH = "batch"

NOTHING: Document = {"_id": 0, "cut_seq": 0, "cut": {}, "windows": {}, "events": 0}
"""The version before the first: it counts nothing."""


class BatchBusyError(PlaycountError):
    """Another batch is at work, or published in between: the same run may succeed later."""

    exit_code = BUSY_EXIT


def current(store: Store) -> Document:
    """The published version, or NOTHING."""
    pointer = store[collections.BATCH_POINTER].find_one({"_id": CURRENT})
    return _version(store, pointer["version"]) if pointer else NOTHING


def previous(store: Store) -> Document | None:
    """The version that a rollback would publish again."""
    pointer = store[collections.BATCH_POINTER].find_one({"_id": CURRENT})
    if not pointer or pointer.get("previous") is None:
        return None
    return _version(store, pointer["previous"])


def all_versions(store: Store) -> list[Document]:
    """Every version that's kept, newest first."""
    return list(store[collections.BATCH_VERSIONS].find(sort=[("_id", -1)]))


def newest_number(store: Store) -> int:
    """The number of the newest run, whatever became of it; 0 before the first."""
    newest = store[collections.BATCH_VERSIONS].find_one(sort=[("_id", -1)])
    return int(newest["_id"]) if newest else 0


def reserve(store: Store, *, what: str = BATCH) -> int:
    """A new version number for a run that begins now; `what` it is, is said to those who wait.

    Raises:
        BatchBusyError: another run is alive.
    """
    versions = store[collections.BATCH_VERSIONS]
    now = datetime.now(UTC)
    # Fenced off first: one that was only frozen must not publish what is collected meanwhile.
    dead = {"state": "running", "alive_at": {"$lte": now - LEASE}}
    versions.update_many(dead, {"$set": {"state": "failed", "why": "killed"}})
    if busy := versions.find_one({"state": "running"}):
        raise BatchBusyError(
            f"{busy.get('what', BATCH)} {busy['_id']} runs already (process {busy['pid']} on "
            f"{busy['host']}); "
            "wait for it, or for a minute if it was killed"
        )
    number = newest_number(store) + 1
    run = {
        "_id": number,
        "state": "running",
        "what": what,
        "started_at": now,
        "alive_at": now,
        "pid": os.getpid(),
        "host": socket.gethostname(),
    }
    try:
        versions.insert_one(run)
    except DuplicateKeyError as error:
        raise BatchBusyError("another batch has begun at the same moment; try again") from error
    return number


def keep_alive(store: Store, number: int) -> None:
    """Say that the run is at work."""
    store[collections.BATCH_VERSIONS].update_one(
        {"_id": number}, {"$set": {"alive_at": datetime.now(UTC)}}
    )


def release(store: Store, number: int) -> None:
    """End a run that makes no version: nothing is left of its number."""
    others = {"_id": number, "state": "running", "what": {"$ne": BATCH}}
    store[collections.BATCH_VERSIONS].delete_one(others)


def abandon(store: Store, number: int, *, why: str) -> None:
    """Mark a run that ended without a version; garbage collection removes what it wrote."""
    store[collections.BATCH_VERSIONS].update_one(
        {"_id": number, "state": "running"}, {"$set": {"state": "failed", "why": why}}
    )


def publish(store: Store, number: int, manifest: dict[str, Any], *, over: int) -> None:
    """Make a version the one that's read, if `over` still is.

    Raises:
        BatchBusyError: the run was taken for dead, or another version has been published since
            it began.
    """
    ready = manifest | {"state": "ready", "at": datetime.now(UTC)}
    if (
        not store[collections.BATCH_VERSIONS]
        .update_one({"_id": number, "state": "running"}, {"$set": ready})
        .matched_count
    ):
        raise BatchBusyError(
            f"batch {number} was silent for {LEASE.total_seconds():.0f} s and is taken for dead; "
            "run the batch again"
        )
    _swap(store, over=over, to=number, back=over or None)


def rollback(store: Store) -> tuple[int, int]:
    """Publish the previous version again; (from, to).

    Raises:
        UserMistakeError: there's no previous version.
    """
    pointer = store[collections.BATCH_POINTER].find_one({"_id": CURRENT})
    if not pointer or pointer.get("previous") is None:
        raise UserMistakeError(
            "there's no earlier version to go back to; ./playcount batch list shows what there is"
        )
    _swap(store, over=pointer["version"], to=pointer["previous"], back=None)
    return pointer["version"], pointer["previous"]


def _swap(store: Store, *, over: int, to: int, back: int | None) -> None:
    pointers = store[collections.BATCH_POINTER]
    target = {"version": to, "previous": back, "at": datetime.now(UTC)}
    if over == 0:
        try:
            pointers.insert_one({"_id": CURRENT, **target})
        except DuplicateKeyError as error:
            raise BatchBusyError("another batch has published the first version") from error
        return
    if not pointers.update_one({"_id": CURRENT, "version": over}, {"$set": target}).matched_count:
        raise BatchBusyError(f"version {over} isn't the current one any more; run the batch again")


def _version(store: Store, number: int) -> Document:
    found = store[collections.BATCH_VERSIONS].find_one({"_id": number})
    if not found:
        raise PlaycountError(f"the pointer names version {number}, which isn't there")
    return found
