"""The speed layer: each micro-batch is one transaction in MongoDB, or nothing at all.

What makes it exact is in MongoDB, not in Spark: commits are numbered without a hole, each begins
at the offsets where the one before ended, and their numbers are unique. A batch that runs again,
a second driver, a lost checkpoint or a zombie finds its rows counted, or loses on the number.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.errors import ConnectionFailure, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from pyspark.sql import DataFrame

from listens import store as collections
from listens.aggregation.cells import COUNTED_SCHEMA, cells
from listens.aggregation.counted import with_counted
from listens.aggregation.messages import decoded
from listens.errors import IntegrityError
from listens.offsets import Offsets, from_document, to_document
from listens.settings import Settings
from listens.store import Store
from streaming.batches import in_order, judged
from streaming.names import KnownNames
from streaming.offsets import advanced, not_before
from streaming.segments import segments

log = logging.getLogger(__name__)

RETRY_FOR_SECONDS = 120
"""How long a batch waits for MongoDB to come back before the query fails and is restarted."""

LEAST_ROWS = 1_000
"""A commit isn't made smaller than this: its transaction fits the smallest cache."""

_CONFLICTS = (112, 388)
"""WriteConflict, and TransactionTooLargeForCache: MongoDB's error codes."""

_TRANSIENT = ("TransientTransactionError", "UnknownTransactionCommitResult")


@dataclass(frozen=True)
class Head:
    """The last commit: its number, and the topic's offsets before which everything is counted."""

    seq: int
    until: Offsets
    topic_id: str


def head_of(store: Store) -> Head | None:
    """The last commit, or None before the first."""
    last = store[collections.SPEED_COMMITS].find_one(sort=[("_id", -1)])
    return Head(last["_id"], from_document(last["until"]), str(last["topic_id"])) if last else None


def begin(store: Store, *, topic_id: str, beginning: Offsets) -> Head:
    """The last commit; makes number 0, which counts nothing, where there's none."""
    if found := head_of(store):
        return found
    origin = _commit_document(Head(0, {}, topic_id), beginning, seq=0)
    try:
        store[collections.SPEED_COMMITS].insert_one(origin)
    except DuplicateKeyError:
        log.info("another driver began first")
    return head_of(store) or Head(0, beginning, topic_id)


class SpeedLayer:
    """Counts micro-batches of one topic."""

    def __init__(self, *, store: Store, settings: Settings, topic_id: str) -> None:
        self._store = store
        self._settings = settings
        self._topic_id = topic_id
        self._known_names = KnownNames()
        self._most_rows = settings.max_offsets_per_trigger

    def count(self, messages: DataFrame) -> None:
        """Count a micro-batch, trying again while MongoDB is away or another driver is ahead.

        Raises:
            IntegrityError: the batch begins past what has been counted, or is of another topic.
            PyMongoError: MongoDB stayed away for RETRY_FOR_SECONDS.
        """
        deadline = time.monotonic() + RETRY_FOR_SECONDS
        while True:
            try:
                if self._commit(messages):
                    return
                deadline = time.monotonic() + RETRY_FOR_SECONDS
            except PyMongoError as error:
                if not _worth_retrying(error) or time.monotonic() > deadline:
                    raise
                if _is_conflict(error):
                    # Also what MongoDB says of a transaction that its cache can't hold.
                    self._most_rows = max(LEAST_ROWS, self._most_rows // 2)
                log.warning("commit will be tried again: %s", _reason(error))
                time.sleep(0.5)

    def _commit(self, messages: DataFrame) -> bool:
        """Commit what isn't counted of the messages, or the first of it; whether it was all."""
        started = time.monotonic()
        head = head_of(self._store) or Head(0, {}, self._topic_id)
        if head.topic_id != self._topic_id:
            raise IntegrityError(
                f"commit {head.seq} counted another topic (id {head.topic_id}, here "
                f"{self._topic_id}); see docs/operations.md, 'Kafka lost'"
            )
        waiting = decoded(not_before(messages, head.until))
        events = in_order(with_counted(waiting, time_zone=self._settings.time_zone).toArrow())
        if not events.num_rows:
            return True
        batch = judged(events[: self._most_rows], store=self._store, known_names=self._known_names)
        until = advanced(head.until, batch.spans)
        counted = [*cells(batch.new.select(COUNTED_SCHEMA.names))]
        seq = head.seq + 1
        documents = {
            collections.SPEED_COMMITS: [_commit_document(head, until, seq=seq) | batch.counts],
            collections.SPEED_SEGMENTS: segments(counted, seq=seq),
            **batch.documents(seq=seq),
        }
        _write(self._store, documents)
        self._known_names.add(batch.names)
        log.info(
            "commit seq=%d events=%d duplicates=%d rejected=%d cells=%d ms=%d",
            seq,
            *(batch.counts[name] for name in ("events", "duplicates", "rejected")),
            sum(len(of_pair) for of_pair in counted),
            (time.monotonic() - started) * 1000,
        )
        return bool(events.num_rows <= self._most_rows)


def _write(store: Store, documents: dict[str, list[dict[str, Any]]]) -> None:
    def insert(session: ClientSession) -> None:
        for collection, rows in documents.items():
            if rows:
                store[collection].insert_many(rows, session=session)

    # Not with_transaction: it would repeat the inserts with a commit number that may be taken.
    with (
        store.client.start_session() as session,
        session.start_transaction(
            read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority", j=True)
        ),
    ):
        insert(session)


def _commit_document(head: Head, until: Offsets, *, seq: int) -> dict[str, Any]:
    return {
        "_id": seq,
        "from": to_document(head.until),
        "until": to_document(until),
        "topic_id": head.topic_id,
        "events": 0,
        "duplicates": 0,
        "rejected": 0,
        "imports": {},
        "at": datetime.now(UTC),
    }


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
