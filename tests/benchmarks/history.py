"""A history of any size in the archive, without Kafka and commits: what a batch reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from listens import store as collections
from listens.aggregation.archive import STATISTICS_OF, Coverage
from listens.aggregation.messages import decoded
from tests.benchmarks.installation import Installation

LISTENERS_A_MILLION = 50
SONGS_A_MILLION = 20_000
YEARS = 6
SECONDS = YEARS * 365 * 86_400

_TOPIC_ID = "made up"


def write_history(spark: SparkSession, target: Installation, *, events: int) -> None:
    """Fill the archive, and say that all of it has been counted, by rules of another time.

    A batch can't audit against those, and so begins from nothing, as the first one does.
    """
    until = {0: events}
    told = Coverage(_TOPIC_ID, {0: 0}, until)
    rows = _rows(spark, target, events)
    (
        rows.write.format("delta")
        .partitionBy("received_on")
        .option("delta.dataSkippingStatsColumns", STATISTICS_OF)
        .option("userMetadata", told.as_metadata())
        .save(target.settings.archive_table)
    )
    now, offsets = datetime.now(UTC), {"0": events}
    commit = {"_id": 1, "from": {"0": 0}, "until": offsets, "topic_id": _TOPIC_ID,
              "events": events, "duplicates": 0, "rejected": 0, "at": now}  # fmt: skip
    target.store[collections.SPEED_COMMITS].insert_one(commit)
    target.store[collections.ARCHIVE_COVERAGE].insert_one(
        {"_id": "archive", "until": offsets, "topic_id": _TOPIC_ID, "at": now}
    )
    target.store[collections.BATCH_VERSIONS].insert_one(
        {"_id": 1, "state": "published", "cut_seq": 0, "cut": {}, "windows": {}, "events": 0,
         "rules_version": 0, "time_zone": "UTC", "at": now, "started_at": now}
    )  # fmt: skip
    target.store[collections.BATCH_POINTER].insert_one(
        {"_id": collections.CURRENT, "version": 1, "previous": None}
    )


def logging_to(event_logs: Path) -> str:
    """What makes Spark log its events, as pyspark takes options from its environment."""
    options = {"enabled": "true", "compress": "false", "dir": event_logs.as_uri()}
    given = [f"--conf spark.eventLog.{name}={value}" for name, value in options.items()]
    return " ".join([*given, "pyspark-shell"])


def shuffle_bytes(event_logs: Path) -> int:
    """Bytes that the tasks of all logged applications wrote for others."""
    return sum(
        event["Task Metrics"]["Shuffle Write Metrics"]["Shuffle Bytes Written"]
        for event in _task_ends(event_logs)
    )


def _task_ends(event_logs: Path) -> Iterator[dict[str, dict[str, dict[str, int]]]]:
    for path in event_logs.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    if '"SparkListenerTaskEnd"' in line and '"Shuffle Write Metrics"' in line:
                        yield json.loads(line)


def _rows(spark: SparkSession, target: Installation, events: int) -> DataFrame:
    """The archive's columns: songs by a power law, a listener's by a power law, in order."""
    millions = max(events / 1e6, 0.1)
    listener = F.floor(F.pow(F.rand(1), 2) * int(LISTENERS_A_MILLION * millions))
    song = F.floor(F.pow(F.rand(2), 3) * int(SONGS_A_MILLION * max(1, millions**0.5)))
    second = F.lit(1_546_300_800) + F.floor(F.col("id") * SECONDS / events)
    chance = F.rand(3)
    drawn = spark.range(0, events, numPartitions=max(2, events // 500_000)).select(
        F.col("id").alias("offset"), listener.alias("listener"), song.alias("song"),
        second.alias("second"), chance.alias("chance"), F.rand(4).alias("other"),
    )  # fmt: skip
    artist = F.floor(F.col("song") / 8)
    made = drawn.select(
        F.lit(target.settings.topic).alias("topic"),
        F.lit(0).alias("partition"),
        "offset",
        F.timestamp_seconds("second").alias("received_at"),
        F.unhex(F.md5(F.col("offset").cast("string"))).alias("event_id"),
        F.concat(F.lit("listener-"), F.col("listener")).alias("listener_id"),
        F.timestamp_seconds("second").alias("ended_at"),
        F.when(F.col("chance") < 0.25, F.floor(F.col("other") * 30_000))
        .otherwise(F.lit(150_000) + F.floor(F.col("other") * 120_000))
        .alias("ms_played"),
        F.lit("music").alias("kind"),
        _hash("song", F.col("song")).alias("song_id"),
        F.concat(F.lit("Title "), F.col("song")).alias("title"),
        F.concat(F.lit("Artist "), artist).alias("artist"),
        _hash("artist", artist).alias("artist_id"),
        F.concat(F.lit("Album "), F.floor(F.col("song") / 5)).alias("album"),
        _hash("album", F.floor(F.col("song") / 5)).alias("album_id"),
        _one_of("platform", ("android", "ios", "windows", "web"), F.col("other")),
        _one_of("country", ("US", "DE", "IN", "BR", "GB", "FR"), F.col("listener") % 6 / 6),
        F.when(F.col("chance") < 0.25, "fwdbtn").otherwise("trackdone").alias("reason_end"),
        (F.col("chance") < 0.25).alias("skipped"),
        F.lit("benchmark").alias("source"),
        F.to_date(F.lit("2025-01-01")).alias("received_on"),
    )
    # With all columns of the table, as streaming makes it.
    return spark.createDataFrame([], _schema(spark)).unionByName(made, allowMissingColumns=True)


def _schema(spark: SparkSession) -> StructType:
    message = "key binary, value binary, topic string, partition int, offset long"
    messages = spark.createDataFrame([], f"{message}, received_at timestamp")
    return decoded(messages).withColumn("received_on", F.current_date()).schema


def _hash(what: str, number: Column) -> Column:
    return F.unhex(F.md5(F.concat(F.lit(what), number.cast("string"))))


def _one_of(name: str, values: tuple[str, ...], share: Column) -> Column:
    place = F.least(F.floor(share * len(values)).cast("int"), F.lit(len(values) - 1))
    return F.element_at(F.array(*map(F.lit, values)), place + 1).alias(name)
