"""The log of commits: numbered without a hole, each begins where the one before ended.

A commit is one transaction, or nothing at all. The speed layer appends what came in on Kafka, an
erasure what it takes back; whoever is second to a number loses, and looks at the head again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from pymongo.client_session import ClientSession
from pymongo.errors import ConnectionFailure, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from listens import store as collections
from listens.offsets import Offsets, from_document, to_document
from listens.store import Document, Store

log = logging.getLogger(__name__)

RETRY_FOR_SECONDS = 120
"""How long a commit waits for MongoDB to come back before it fails."""

_CONFLICTS = (112, 388)
"""WriteConflict, and TransactionTooLargeForCache: MongoDB's error codes."""

_TRANSIENT = ("TransientTransactionError", "UnknownTransactionCommitResult")

Documents = dict[str, list[Document]]
"""Collection → what is inserted into it."""

T = TypeVar("T")


@dataclass(frozen=True)
class Head:
    """The last commit: its number, and the topic's offsets before which everything is counted.

    `views` are the optional views that it counts; each with the number of the first commit from
    which on all have counted it.
    """

    seq: int
    until: Offsets
    topic_id: str
    views: Mapping[str, int] = field(default_factory=dict)


def head_of(store: Store) -> Head | None:
    """The last commit, or None before the first."""
    last = store[collections.SPEED_COMMITS].find_one(sort=[("_id", -1)])
    if last is None:
        return None
    views = last.get("views", {})
    return Head(last["_id"], from_document(last["until"]), str(last["topic_id"]), views)


def begin(store: Store, *, topic_id: str, beginning: Offsets) -> Head:
    """The last commit; makes number 0, which counts nothing, where there's none."""
    if found := head_of(store):
        return found
    origin = commit_document(Head(-1, {}, topic_id), beginning)
    try:
        store[collections.SPEED_COMMITS].insert_one(origin)
    except DuplicateKeyError:
        log.info("another driver began first")
    return head_of(store) or Head(0, beginning, topic_id)


def commit_document(
    head: Head, until: Offsets, *, views: Collection[str] | None = None
) -> Document:
    """The commit after the head, which counts nothing yet.

    `views` are the optional views that it will count; without, it never counts anything.
    """
    counted = head.views if views is None else {v: head.views.get(v, head.seq + 1) for v in views}
    return {
        "_id": head.seq + 1,
        "from": to_document(head.until),
        "until": to_document(until),
        "topic_id": head.topic_id,
        "views": counted,
        "events": 0,
        "duplicates": 0,
        "rejected": 0,
        "erased": 0,
        "imports": {},
        "at": datetime.now(UTC),
    }


def write(
    store: Store,
    documents: Documents,
    *,
    before: Callable[[ClientSession], Any] = lambda _session: None,
) -> None:
    """Insert in one transaction; what `before` does in it comes first.

    Raises:
        PyMongoError: it's not written; `retried` knows of which errors it's worth trying again.
    """
    # Not with_transaction: it would repeat the inserts with a commit number that may be taken.
    with (
        store.client.start_session() as session,
        session.start_transaction(
            read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority", j=True)
        ),
    ):
        before(session)
        for collection, rows in documents.items():
            if rows:
                store[collection].insert_many(rows, session=session)


def retried(attempt: Callable[[], T], *, on_conflict: Callable[[], None] = lambda: None) -> T:
    """Try again while MongoDB is away or somebody else is ahead; each time from the head on.

    `on_conflict` is called when MongoDB has taken the transaction back.

    Raises:
        PyMongoError: MongoDB stayed away for RETRY_FOR_SECONDS.
    """
    deadline = time.monotonic() + RETRY_FOR_SECONDS
    while True:
        try:
            return attempt()
        except PyMongoError as error:
            if not _worth_retrying(error) or time.monotonic() > deadline:
                raise
            if _is_conflict(error):
                on_conflict()
            log.warning("commit will be tried again: %s", _reason(error))
            time.sleep(0.5)


def _is_conflict(error: PyMongoError) -> bool:
    return isinstance(error, OperationFailure) and error.code in _CONFLICTS


def _reason(error: PyMongoError) -> str:
    """What MongoDB calls it; its message may hold a listen."""
    details = getattr(error, "details", None) or {}
    return str(details.get("codeName") or type(error).__name__)


def _worth_retrying(error: PyMongoError) -> bool:
    if isinstance(error, ConnectionFailure | DuplicateKeyError):
        return True
    labelled = any(error.has_error_label(label) for label in _TRANSIENT)
    # A duplicate number inside insert_many comes as a bulk error, code 11000.
    duplicate = isinstance(error, OperationFailure) and "E11000" in str(error)
    return labelled or duplicate or _is_conflict(error)
