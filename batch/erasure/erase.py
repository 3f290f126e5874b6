"""The steps of an erasure; killed at any of them and begun again, it goes on where it was.

1. A tombstone, in a commit of its own: from now on the listener's messages before the topic's
   present end are left out by whoever reads them.
2. What had been counted before is counted again from the archive, and taken back by commits of
   negative cells. From then on no answer holds the listener.
3. What names the listener is forgotten in MongoDB, and last in the archive, from which the steps
   before can be done again. The rejected rows of imports are deleted by the command itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import SparkSession

from batch import versions
from batch.archive.upkeep import is_streaming
from batch.cut import wait_for_archive
from batch.erasure.forgetting import forget, refuse_while_importing
from batch.erasure.loads import loaded_places, refuse_uncounted_loads
from batch.erasure.negation import negate
from batch.erasure.raw import counted_before, empty_rows
from batch.lease import exclusive
from batch.manifest import same_rules
from listens import commits, erasures, topic
from listens import store as collections
from listens.aggregation.documents import seen_keys
from listens.erasures import Erasure
from listens.errors import IntegrityError, PlaycountError, UserMistakeError
from listens.offsets import furthest, to_document
from listens.settings import Settings
from listens.store import Store, ensure_indexes

STEPS = ("tombstone", "wait", "count", "take back", "forget", "archive")

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
        UserMistakeError: nothing has been counted yet, an import of the listener runs, or a bulk
            load of theirs isn't counted yet.
        PlaycountError: the current version counts by other rules.
    """
    ensure_indexes(store)
    with exclusive(store, what="erasure"):
        if not same_rules(versions.current(store), settings):
            raise PlaycountError(
                "the current version counts by other rules, views or time zone, so what it "
                "counted can't be taken back; publish one first: ./playcount batch run"
            )
        refuse_while_importing(store, listener)
        refuse_uncounted_loads(store, listener)
        tell("tombstone")
        erasure = _unfinished(store, listener) or _begin(store, settings, listener)
        tell("wait")
        session = spark()
        wait_for_archive(store, to_document(erasure.counted), seconds=settings.batch_wait_seconds)
        tell("count")
        counted = counted_before(
            session, settings=settings, listener=listener, offsets=erasure.counted_places,
        )  # fmt: skip
        if erasure.negation is None:
            tell("take back")
            erasure = negate(
                store, erasure, counted, listener=listener, views=settings.counted_views
            )
        tell("forget")
        seen = sorted(seen_keys(counted))
        forget(store, erasure, listener=listener, seen=seen)
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
        # Of an attempt before nobody may know whether it was committed.
        if found := _unfinished(store, listener):
            return found
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
            "loaded": to_document(loaded_places(store, listener)),
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


def _empty_archive(
    spark: SparkSession, store: Store, erasure: Erasure, *, settings: Settings, listener: str
) -> None:
    if is_streaming(store):
        # A commit of the archive that began before the tombstone may still bring rows in.
        until = to_document(erasure.until)
        wait_for_archive(store, until, seconds=settings.batch_wait_seconds)
    empty_rows(
        spark, table=settings.archive_table, listener=listener,
        until=erasure.until, loaded=erasure.loaded,
    )  # fmt: skip
