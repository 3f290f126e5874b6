"""From staged parts to a sealed segment of the archive, in steps of which each can be repeated.

What makes a load exact beside Kafka: its rows are in the archive before `seen` names any of their
events, and each event is in `seen` once. Who put it there counts, the other one is the repeat:
rows that Kafka brought first are deleted before the load is sealed, and what Kafka brings later is
counted as a repeat by the speed layer and loses its place to the load in the recount.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from batch.bulk.claims import identified, lost_events, write_names
from batch.folders import delete_folder
from batch.lease import exclusive
from listens import bulk_loads, erasures
from listens.aggregation.archive import STATISTICS_OF
from listens.aggregation.messages import IDENTITY, accepted, decoded
from listens.bulk_loads import CLAIMED, SEALED, STAGED, UNDER_WAY, WRITTEN, partition_of
from listens.errors import IntegrityError, PlaycountError, UserMistakeError
from listens.identity import MINUTE_SOURCES
from listens.settings import Settings
from listens.store import Document, Store

log = logging.getLogger(__name__)

STEPS = ("write", "claim", "seal")

Tell = Callable[[str], None]
"""Called with the name of each step as it begins."""


def load(
    spark: SparkSession, store: Store, *, settings: Settings, number: int, tell: Tell
) -> Document:
    """Bring a staged load to its seal, going on where it was stopped before; its document.

    Raises:
        BatchBusyError: a batch is at work.
        UserMistakeError: there's no such load, or it isn't staged.
        IntegrityError: the staged parts aren't what was staged.
        PlaycountError: an erasure of the listener is unfinished.
    """
    with exclusive(store, what="bulk load"):
        document = bulk_loads.one(store, number)
        if document is None or document["state"] == bulk_loads.STAGING:
            raise UserMistakeError(
                f"there's no staged bulk load {number}; playcount import --bulk makes one"
            )
        _refuse_while_erasing(store, document)
        return _go_on(spark, store, document, settings=settings, tell=tell)


def finish(spark: SparkSession, store: Store, *, settings: Settings) -> None:
    """Seal the loads that were stopped on their way; the caller holds the lease."""
    for document in bulk_loads.in_state(store, *UNDER_WAY):
        log.warning("bulk load %d was stopped, and is finished first", document["_id"])
        _go_on(spark, store, document, settings=settings, tell=lambda _step: None)


def none_under_way(store: Store) -> None:
    """Check that no load is between its rows and its seal.

    Raises:
        PlaycountError: one is, so that raw events and counts can't be compared.
    """
    if stopped := bulk_loads.in_state(store, *UNDER_WAY):
        raise PlaycountError(
            f"bulk load {stopped[0]['_id']} is under way or was stopped; wait for it, or finish "
            f"it: ./playcount batch load {stopped[0]['_id']}"
        )


def _refuse_while_erasing(store: Store, document: Document) -> None:
    """What is half forgotten would be taken for repeats."""
    listener = document["listener_id"]  # None: of several, of whom any may be the erased one
    digest = None if listener is None else erasures.digest_of(listener)
    unfinished = (each for each in erasures.known(store) if not each.is_done)
    if any(digest in (None, each.digest) for each in unfinished):
        raise PlaycountError(
            "an erasure of a listener isn't finished; repeat ./playcount erase, then the import"
        )


def rows_of(spark: SparkSession, *, table: str, number: int) -> DataFrame:
    """The rows of a load in the archive."""
    rows = spark.read.format("delta").load(table)
    return rows.where(F.col("partition") == partition_of(number))


def _go_on(
    spark: SparkSession, store: Store, document: Document, *, settings: Settings, tell: Tell
) -> Document:
    number, table = int(document["_id"]), settings.archive_table
    if document["state"] == STAGED:
        tell("write")
        _write_rows(spark, document, settings=settings)
        document = _next(store, number, to=WRITTEN, after=STAGED)
    delete_folder(spark, bulk_loads.parts_uri(settings, number))
    rows = rows_of(spark, table=table, number=number)
    if document["state"] in UNDER_WAY:
        tell("claim")
        lost = lost_events(rows, size=document["rows"], number=number, settings=settings).persist()
        try:
            repeated = lost.count()  # all of the load is claimed now
            if document["state"] == WRITTEN:
                counts = _counts(rows, lost)
                events = sum(count["new"] for count in counts.values())
                document = _next(
                    store, number, to=CLAIMED, after=WRITTEN, counts=counts, events=events
                )
            tell("seal")
            write_names(rows, settings=settings)
            if repeated:
                _delete(spark, lost, table=table, number=number)
        finally:
            lost.unpersist()
        document = _next(store, number, to=SEALED, after=CLAIMED)
    return document


def _next(store: Store, number: int, *, to: str, after: str, **facts: object) -> Document:
    bulk_loads.advance(store, number, to=to, after=after, **facts)
    document = bulk_loads.one(store, number)
    if document is None or document["state"] != to:
        raise PlaycountError(
            f"bulk load {number} was taken over by another process, since this one was silent "
            "for a minute; look at ./playcount imports"
        )
    return document


def _write_rows(spark: SparkSession, document: Document, *, settings: Settings) -> None:
    number, table = int(document["_id"]), settings.archive_table
    messages = spark.read.parquet(bulk_loads.parts_uri(settings, number)).select(
        "key",
        "value",
        F.lit(None).cast("string").alias("topic"),
        F.lit(partition_of(number)).alias("partition"),
        "offset",
        F.lit(document["started_at"]).cast("timestamp").alias("received_at"),
    )
    rows = decoded(messages).withColumn("received_on", F.to_date("received_at"))
    (
        rows.write.format("delta")
        .mode("append")
        .partitionBy("received_on")
        .option("mergeSchema", "true")
        .option("delta.dataSkippingStatsColumns", STATISTICS_OF)
        # A repeated write of the same load is left out by Delta itself.
        .option("txnAppId", f"bulk load {number} at {document['started_at'].timestamp()}")
        .option("txnVersion", "1")
        .save(table)
    )
    held = accepted(rows_of(spark, table=table, number=number)).count()
    if held != document["rows"]:
        raise IntegrityError(
            f"bulk load {number} has {document['rows']:,} rows, of which {held:,} are listens in "
            "the archive; nothing of it counts. Keep its files and report this"
        )


def _counts(rows: DataFrame, lost: DataFrame) -> dict[str, dict[str, int]]:
    """Import → rows that count, and rows of events that were counted before or stand above."""
    events = identified(rows)
    firsts = events.groupBy(*IDENTITY).agg(F.min_by("import_id", "offset").alias("import_id"))
    sizes = {row[0]: row[1] for row in events.groupBy("import_id").count().collect()}
    won = firsts.join(lost, [*IDENTITY], "left_anti").groupBy("import_id").count()
    new = {row[0]: row[1] for row in won.collect()}
    return {
        import_id: {"new": new.get(import_id, 0), "duplicate": size - new.get(import_id, 0)}
        for import_id, size in sizes.items()
    }


def _delete(spark: SparkSession, lost: DataFrame, *, table: str, number: int) -> None:
    view = f"lost_of_bulk_load_{number}"
    lost.createOrReplaceTempView(view)
    names = ("event_id", "listener_id", "song_id", "ms_played")
    same = " AND ".join(f"held.{name} = lost.{name}" for name in names)
    minute_sources = ", ".join(f"'{source}'" for source in MINUTE_SOURCES)
    spark.sql(
        f"MERGE INTO delta.`{table}` AS held USING {view} AS lost "
        f"ON held.partition = {partition_of(number)} AND {same} "
        "AND unix_seconds(held.ended_at) = lost.second "
        f"AND (held.source IN ({minute_sources})) = lost.to_the_minute WHEN MATCHED THEN DELETE"
    )
    spark.catalog.dropTempView(view)
