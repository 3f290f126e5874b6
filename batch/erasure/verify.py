"""The proof of an erasure: every store is searched for what the listener heard before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession

from batch.archive.files import required_coverage, rows_of, stale_files
from batch.erasure import traces
from batch.erasure.raw import held_rows
from batch.erasure.traces import Trace
from listens import erasures
from listens import store as collections
from listens.aggregation.archive import names_in_log
from listens.erasures import Erasure
from listens.settings import Settings
from listens.store import Store

STEPS = ("mongodb", "archive", "files")


@dataclass(frozen=True)
class Proof:
    """What was found, and what nothing can be done about.

    Attributes:
        traces: what remains; none when the erasure is complete.
        notes: what else is to be known.
    """

    traces: list[Trace]
    notes: list[str]


def verify(
    spark: SparkSession,
    store: Store,
    *,
    settings: Settings,
    listener: str,
    tell: Callable[[str], None] = lambda _step: None,
) -> Proof:
    """Search MongoDB, the archive's current version and its files.

    Where the listener was never erased, every trace counts, else those from before the erasure.

    Raises:
        UserMistakeError: there's no archive yet.
    """
    theirs = {"digest": erasures.digest_of(listener)}
    document = store[collections.ERASURES].find_one(theirs, sort=[("_id", -1)])
    erasure = erasures.from_store(document) if document else None
    tell("mongodb")
    found = [*traces.in_mongodb(store, erasure, listener)]
    tell("archive")
    table = settings.archive_table
    required_coverage(spark, table=table)
    until = erasure.places if erasure else None
    again = "run ./playcount erase again"
    rows = spark.read.format("delta").load(table)
    if held := held_rows(rows, listener=listener, until=until):
        found.append(Trace("archive", f"{held:,} rows", again))
    tell("files")
    found += _in_files(spark, listener, erasure, settings=settings)
    at = document["at"] if document else None
    return Proof(found, [*_notes(at, settings)])


def _in_files(
    spark: SparkSession, listener: str, erasure: Erasure | None, *, settings: Settings
) -> Iterator[Trace]:
    table = settings.archive_table
    files = stale_files(spark, table=table)
    until = erasure.places if erasure else None
    held = held_rows(rows_of(spark, files), listener=listener, until=until) if files else 0
    if held:
        yield Trace(
            "archive's files",
            f"{held:,} rows in files that have left the table",
            f"the first ./playcount archive optimize {settings.archive_retention_hours:g} hours "
            "after that",
        )
    if named := names_in_log(spark, table=table, listener=listener):
        yield Trace(
            "archive's log",
            f"{named:,} entries, as the least or greatest name of a file",
            "30 days after they were written (delta.logRetentionDuration)",
        )


def _notes(at: datetime | None, settings: Settings) -> Iterator[str]:
    if at is None:
        yield "no erasure of this listener is recorded"
        return
    hours = settings.topic_retention_hours
    if hours < 0:
        yield "Kafka keeps the messages for ever (PLAYCOUNT_TOPIC_RETENTION_HOURS); none counts"
    elif (gone_at := at + timedelta(hours=hours)) > datetime.now(UTC):
        yield f"Kafka keeps messages until {gone_at:%Y-%m-%d %H:%M} UTC at the latest; none counts"
    yield "backups made before the erasure hold the listener"
