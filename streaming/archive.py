"""The archive: every message, good or bad, in one Delta table by day of arrival.

At least once: what's there twice is the same (partition, offset). Each commit says in its
metadata up to which offsets the table is complete, so that nobody has to scan it to know.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F

from listens import erasures
from listens import store as collections
from listens.aggregation.archive import STATISTICS_OF, Coverage, coverage
from listens.aggregation.messages import decoded
from listens.offsets import Offsets, to_document
from listens.rules import ERASED
from listens.settings import Settings
from listens.store import Store
from streaming.offsets import advanced, not_before

log = logging.getLogger(__name__)

SMALL_COMMIT = 100_000
"""Rows up to which a commit is written as one file."""

TRIES = 3
"""Of one commit; the table's properties change once in a deployment, if at all."""

_METADATA_CHANGED = "DELTA_METADATA_CHANGED"
"""The error class, which Delta writes into the message."""


class Archive:
    """Appends micro-batches to the table at `settings.archive_table`."""

    def __init__(
        self,
        spark: SparkSession,
        *,
        store: Store,
        settings: Settings,
        topic_id: str,
        beginning: Offsets,
    ) -> None:
        self._store = store
        self._table = settings.archive_table
        told = coverage(spark, table=self._table) or Coverage(topic_id, beginning, {})
        # A partition that was added later begins where it did.
        self._told = replace(told, beginning=beginning | told.beginning)
        self.until = beginning | told.until

    @property
    def topic_id(self) -> str:
        """The topic whose messages the table holds."""
        return self._told.topic_id

    def append(self, messages: DataFrame) -> None:
        """Write what the table lacks of a micro-batch, and say how far it's complete now.

        Raises:
            IntegrityError: the batch begins past what the table holds.
            PyMongoError: MongoDB couldn't be asked what is erased, or be told what is written.
        """
        started = time.monotonic()
        events = not_before(messages, self.until).persist()
        try:
            spans = _spans(events)
            if not spans:
                return
            until = advanced(self.until, spans)
            rows = self._write(events, until)
        finally:
            events.unpersist()
        self.until = until
        self.publish()
        log.info("archived events=%d ms=%d", rows, (time.monotonic() - started) * 1000)

    def _write(self, events: DataFrame, until: Offsets) -> int:
        rows = events.count()
        known = erasures.known(self._store)
        erased = erasures.beyond(self.until, known)
        dated = decoded(events, erased=erased).withColumn("received_on", F.to_date("received_at"))
        # When somebody listened who isn't to be known any more is nobody's business either.
        is_kept = F.coalesce(F.col("rejection") != ERASED, F.lit(True))
        dated = dated.withColumn("received_at", F.when(is_kept, F.col("received_at")))
        if rows <= SMALL_COMMIT:
            dated = dated.coalesce(1)
        ahead = {each.digest: each.until for each in erasures.beyond(until, known)}
        told = replace(self._told, until=until, erasures=ahead)
        # Without Delta's txnAppId and txnVersion: of two applications that cut their batches
        # differently, it would leave out rows that the other one hasn't written.
        append = (
            dated.write.format("delta")
            .mode("append")
            .partitionBy("received_on")
            .option("mergeSchema", "true")
            .option("delta.dataSkippingStatsColumns", STATISTICS_OF)
            .option("userMetadata", told.as_metadata())
        )
        _saved(append, self._table)
        return rows

    def publish(self) -> None:
        """Tell the others through MongoDB how far the table is complete; it stays the truth.

        Never less than was told before: another application may be further. A failure ends the
        query, since nobody would tell it later if no more events came; the restart does.
        """
        until = to_document(self.until)
        further = {at: {"$max": [f"$until.{at}", offset]} for at, offset in until.items()}
        is_same_topic = {"$eq": ["$topic_id", self.topic_id]}
        both = {"$mergeObjects": ["$until", further]}
        document: dict[str, Any] = {
            "until": {"$cond": [is_same_topic, both, until]},
            "topic_id": self.topic_id,
            "at": datetime.now(UTC),
        }
        self._store[collections.ARCHIVE_COVERAGE].update_one(
            {"_id": "archive"}, [{"$set": document}], upsert=True
        )


def _saved(append: DataFrameWriter, table: str) -> None:
    """Save, anew where somebody has changed the table's properties or columns meanwhile.

    Delta then takes no commit back in, not even one that only appends: upkeep that sets a new
    retention, or another application that brings a new column, would end the query.
    """
    for tries_left in reversed(range(TRIES)):
        try:
            append.save(table)
        except (Py4JJavaError, PySparkException) as error:
            if not tries_left or _METADATA_CHANGED not in str(error):
                raise
            log.warning("the archive's table was changed meanwhile; it's written again")
        else:
            return


def _spans(events: DataFrame) -> dict[int, tuple[int, int]]:
    spans = events.groupBy("partition").agg(F.min("offset"), F.max("offset")).collect()
    return {row[0]: (row[1], row[2]) for row in spans}
