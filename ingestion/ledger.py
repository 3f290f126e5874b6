"""The account of every import in MongoDB: what was read, and what became of it.

One document an import: `{_id, listener_id, file, format, bytes, sha256, rows, started_at,
touched_at, sent_at, head_seq, read, sent, overlap, assumed, rejected, rejected_by_reason,
end_offsets, state, new, duplicate, erased, settled_at}`. `rows` are those of the file, of which
`read` were read so far. `overlap` rows weren't sent, since a format of another precision had
brought them; `assumed` says of how many the time played wasn't told, and by which rule it was
assumed. `erased` rows reached Kafka, but their listener was erased before they were counted; none,
no field. `end_offsets` names partitions as text, since a document's keys are text. One that goes
past Kafka has `bulk_load`, the load's number, and is `staged` instead of `sent`; one whose file
came over HTTP has that upload's `upload_id`. `listener_id` is None for a file of several
listeners.
"""

from __future__ import annotations

import secrets
from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from listens import bulk_loads
from listens import store as collections

if TYPE_CHECKING:
    from listens.store import Document, Store

READING = "reading"
SENT = "sent"
STAGED = "staged"
SETTLED = "settled"
FAILED = "failed"
INTERRUPTED = "interrupted"

STALE_AFTER = timedelta(seconds=60)
"""A reading import touches its document every few seconds; a silent one was killed."""


def new_import_id(now: datetime) -> str:
    """Sorts by time; without a dot, since it becomes a key within commit documents."""
    return f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"


def started(store: Store, *, import_id: str, facts: Mapping[str, Any]) -> None:
    """Open the account before anything is sent; `facts` say whose and which file it is."""
    now = datetime.now(UTC)
    store[collections.IMPORTS].insert_one(
        {
            "_id": import_id,
            **facts,
            "started_at": now,
            "touched_at": now,
            "head_seq": head_seq(store),
            "state": READING,
        }
    )


def touched(store: Store, import_id: str, **counts: int) -> None:
    """Say that the import is alive, and how far it is."""
    values = {**counts, "touched_at": datetime.now(UTC)}
    store[collections.IMPORTS].update_one({"_id": import_id}, {"$set": values})


def finished(store: Store, import_id: str, *, state: str, facts: Mapping[str, Any]) -> None:
    """Close the sending part: `sent`, `staged`, `failed` or `interrupted`, with final counts."""
    values = {**facts, "state": state, "sent_at": datetime.now(UTC)}
    store[collections.IMPORTS].update_one({"_id": import_id}, {"$set": values})


def head_seq(store: Store) -> int:
    """The last commit of the speed layer; -1 before the first."""
    head = store[collections.SPEED_COMMITS].find_one({}, {"_id": 1}, sort=[("_id", -1)])
    return int(head["_id"]) if head else -1


def settle(store: Store) -> int:
    """Settle every sent import whose last message has been counted; returns how many were.

    Also those of bulk loads that are sealed.
    """
    sealed = _settle_staged(store)
    pending = list(store[collections.IMPORTS].find({"state": SENT}))
    if not pending:
        return sealed
    until = _until(store)
    counted = [entry for entry in pending if _covered(entry["end_offsets"], until)]
    for entry in counted:
        _settle_one(store, entry)
    return sealed + len(counted)


def _settle_staged(store: Store) -> int:
    """Settle the imports of sealed bulk loads; the load has counted them."""
    settled = 0
    for entry in store[collections.IMPORTS].find({"state": STAGED}):
        load = bulk_loads.one(store, entry["bulk_load"])
        if load is None or load["state"] != bulk_loads.SEALED:
            continue
        counts = load["counts"].get(entry["_id"], {"new": 0, "duplicate": 0})
        values = {"state": SETTLED, "settled_at": datetime.now(UTC), **counts}
        store[collections.IMPORTS].update_one(
            {"_id": entry["_id"], "state": STAGED}, {"$set": values}
        )
        settled += 1
    return settled


def interrupted(store: Store, import_ids: Iterable[str], *, why: str) -> None:
    """Note that staged imports will never be loaded."""
    store[collections.IMPORTS].update_many(
        {"_id": {"$in": list(import_ids)}, "state": {"$in": [READING, STAGED]}},
        {"$set": {"state": INTERRUPTED, "error": why}},
    )


def uncounted(store: Store, listener_id: str | None, *, formats: Container[str]) -> list[str]:
    """The imports in some formats of which something may still be counted.

    Those of a listener, or of anybody. One that was killed isn't among them:
    nobody knows how much it had sent.
    """
    settle(store)
    until = _until(store)
    states = {"$in": [READING, SENT, STAGED, INTERRUPTED, FAILED]}
    # A file of several listeners may hold anybody's.
    whose = {} if listener_id is None else {"listener_id": {"$in": [listener_id, None]}}
    theirs = store[collections.IMPORTS].find({**whose, "state": states})
    return [
        entry["_id"]
        for entry in map(_as_seen_now, theirs)
        if entry["format"] in formats
        and (
            entry["state"] in {READING, SENT, STAGED}
            or not _covered(entry.get("end_offsets", {}), until)
        )
    ]


def _until(store: Store) -> Mapping[str, int]:
    """Before which offsets everything is counted."""
    head = store[collections.SPEED_COMMITS].find_one({}, {"until": 1}, sort=[("_id", -1)])
    return head["until"] if head else {}


def _covered(end_offsets: Mapping[str, int], until: Mapping[str, int]) -> bool:
    return all(until.get(partition, -1) >= end for partition, end in end_offsets.items())


def _settle_one(store: Store, entry: Document) -> None:
    commits = store[collections.SPEED_COMMITS].find(
        {"_id": {"$gt": entry["head_seq"]}}, {f"imports.{entry['_id']}": 1}
    )
    counts = [commit.get("imports", {}).get(entry["_id"], {}) for commit in commits]
    values = {
        "state": SETTLED,
        "settled_at": datetime.now(UTC),
        "new": sum(count.get("new", 0) for count in counts),
        "duplicate": sum(count.get("duplicate", 0) for count in counts),
    }
    if erased := sum(count.get("erased", 0) for count in counts):
        values["erased"] = erased
    # Another process may have settled it meanwhile: the first one's time stands.
    store[collections.IMPORTS].update_one({"_id": entry["_id"], "state": SENT}, {"$set": values})


def entries(store: Store, import_ids: Iterable[str]) -> list[Document]:
    """The accounts of some imports, in the order of their ids."""
    wanted = {"_id": {"$in": list(import_ids)}}
    return [_as_seen_now(entry) for entry in store[collections.IMPORTS].find(wanted).sort("_id", 1)]


def latest(store: Store, limit: int) -> list[Document]:
    """The newest imports, newest first."""
    found = store[collections.IMPORTS].find().sort([("started_at", -1), ("_id", -1)]).limit(limit)
    return [_as_seen_now(entry) for entry in found]


def _as_seen_now(entry: Document) -> Document:
    silent = datetime.now(UTC) - entry["touched_at"] > STALE_AFTER
    return {**entry, "state": INTERRUPTED} if entry["state"] == READING and silent else entry
