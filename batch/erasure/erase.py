"""The steps of an erasure; killed at any of them and begun again, it goes on where it was.

1. A tombstone, in a commit of its own: from now on the listener's messages before the topic's
   present end are left out by whoever reads them.
2. What had been counted before is counted again from the archive, and taken back by commits of
   negative cells. From then on no answer holds the listener.
3. What names the listener is forgotten in MongoDB, beside the rejected rows of imports, and last
   in the archive, from which the steps before can be done again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from pymongo.client_session import ClientSession
from pyspark.sql import SparkSession

from batch import versions
from batch.archive.upkeep import is_streaming
from batch.cut import wait_for_archive
from batch.erasure.forgetting import forget, refuse_while_importing
from batch.erasure.raw import counted_before, empty_rows
from batch.lease import exclusive
from batch.manifest import same_rules
from listens import commits, erasures, topic
from listens import store as collections
from listens.aggregation.cells import COUNTED_SCHEMA, cells
from listens.aggregation.documents import seen_keys
from listens.aggregation.segments import segments
from listens.erasures import Erasure, part_of
from listens.errors import IntegrityError, PlaycountError, UserMistakeError
from listens.offsets import furthest, to_document
from listens.settings import Settings
from listens.store import Store, ensure_indexes

STEPS = ("tombstone", "wait", "count", "take back", "forget", "archive")

EVENTS_A_COMMIT = 5_000
"""About: its transaction fits MongoDB's smallest cache, as a micro-batch's does."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Erased:
    """What was done: the commits of the tombstone and of the last negation, and the listens."""

    number: int
    negation: int
    events: int


def erase(
    spark: Callable[[], SparkSession],
    store: Store,
    *,
    settings: Settings,
    listener: str,
    tell: Tell = lambda _step: None,
) -> Erased:
    """Forget all that a listener heard until now; what comes later is new listening.

    Args:
        spark: gives the session; asked when the tombstone stands.
        store: MongoDB; the lease in it keeps batches and upkeep away meanwhile.
        settings: of this installation.
        listener: whose listens.
        tell: called with the name of each step as it begins.

    Raises:
        BatchBusyError: a batch or upkeep runs.
        ArchiveBehindError: the archive isn't far enough; the same command again goes on.
        UserMistakeError: nothing has been counted yet, or an import of the listener runs.
        PlaycountError: the current version counts by other rules.
    """
    ensure_indexes(store)
    with exclusive(store, what="erasure"):
        if not same_rules(versions.current(store), settings):
            raise PlaycountError(
                "the current version counts by other rules or another time zone, so what it "
                "counted can't be taken back; publish one first: ./playcount batch run"
            )
        refuse_while_importing(store, listener)
        tell("tombstone")
        erasure = _unfinished(store, listener) or _begin(store, settings, listener)
        tell("wait")
        session = spark()
        wait_for_archive(store, to_document(erasure.counted), seconds=settings.batch_wait_seconds)
        tell("count")
        counted = counted_before(
            session, table=settings.archive_table, listener=listener,
            offsets=erasure.counted, time_zone=settings.time_zone,
        )  # fmt: skip
        if erasure.negation is None:
            tell("take back")
            erasure = _negate(store, erasure, counted, listener=listener)
        tell("forget")
        seen = sorted(seen_keys(counted))
        forget(store, erasure, settings=settings, listener=listener, seen=seen)
        tell("archive")
        _empty_archive(session, store, erasure, settings=settings, listener=listener)
        done = {"$set": {"state": erasures.DONE, "done_at": datetime.now(UTC)}}
        store[collections.ERASURES].update_one({"_id": erasure.number}, done)
    document = store[collections.ERASURES].find_one({"_id": erasure.number}) or {}
    return Erased(erasure.number, document["negations"][-1], document["events"])


def _unfinished(store: Store, listener: str) -> Erasure | None:
    """The listener's erasure that was begun and not ended."""
    theirs = {"digest": erasures.digest_of(listener), "state": {"$ne": erasures.DONE}}
    found = store[collections.ERASURES].find_one(theirs)
    return erasures.from_store(found) if found else None


def _begin(store: Store, settings: Settings, listener: str) -> Erasure:
    described = topic.describe(settings, wait_seconds=10)

    def attempt() -> Erasure:
        head = commits.head_of(store)
        if head is None:
            raise UserMistakeError(
                "nothing has been counted yet, so there's nothing to erase; "
                "start streaming with ./playcount up"
            )
        if head.topic_id != described.topic_id:
            raise IntegrityError(
                "the topic has been made anew since the last commit; "
                "see docs/operations.md, 'Kafka lost'"
            )
        commit = commits.commit_document(head, head.until)
        tombstone = {
            "_id": commit["_id"],
            "digest": erasures.digest_of(listener),
            "counted": commit["until"],
            "until": to_document(furthest([head.until, described.end])),
            "state": erasures.BEGUN,
            "at": commit["at"],
            "parts": 0,
            "negations": [],
            "events": 0,
            "imports": [],
        }
        commits.write(
            store, {collections.SPEED_COMMITS: [commit], collections.ERASURES: [tombstone]}
        )
        return erasures.from_store(tombstone)

    return commits.retried(attempt)


def _negate(store: Store, erasure: Erasure, counted: pa.Table, *, listener: str) -> Erasure:
    """Append the commits that take back what the listener's events have counted."""
    if not erasure.parts:
        erasure = replace(erasure, parts=max(1, -(-counted.num_rows // EVENTS_A_COMMIT)))
        parts = {"$set": {"parts": erasure.parts}}
        store[collections.ERASURES].update_one({"_id": erasure.number, "parts": 0}, parts)
    part_of_event = np.array(
        [part_of(one, erasure.parts) for one in counted["event_id"].to_pylist()], np.int64
    )
    for part in range(len(erasure.negations), erasure.parts):
        events = counted.filter(pa.array(part_of_event == part))
        seq = _take_back(store, erasure, events, listener=listener)
        erasure = replace(erasure, negations=(*erasure.negations, seq))
    return replace(erasure, state=erasures.NEGATED)


def _take_back(store: Store, erasure: Erasure, events: pa.Table, *, listener: str) -> int:
    """Take back the next part, in one transaction; the number of its commit."""
    negative = [
        replace(each, measures={name: -column for name, column in each.measures.items()})
        for each in cells(events.select(COUNTED_SCHEMA.names))
    ]

    def attempt() -> int:
        head = commits.head_of(store)
        if head is None:
            raise IntegrityError("the commits are gone; see docs/operations.md, 'MongoDB lost'")
        commit = commits.commit_document(head, head.until) | {"events": -events.num_rows}
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
    store[collections.RECENT_LISTENS].update_many(
        {"_id": {"$lt": erasure.number}, "listens.listener_id": listener},
        {"$pull": {"listens": {"listener_id": listener}}},
        session=session,
    )


def _empty_archive(
    spark: SparkSession, store: Store, erasure: Erasure, *, settings: Settings, listener: str
) -> None:
    if is_streaming(store):
        # A commit of the archive that began before the tombstone may still bring rows in.
        until = to_document(erasure.until)
        wait_for_archive(store, until, seconds=settings.batch_wait_seconds)
    empty_rows(spark, table=settings.archive_table, listener=listener, until=erasure.until)
