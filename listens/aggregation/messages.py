"""From Kafka's messages to listens, each decoded whole or rejected with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro

from listens.brokers import java_client_options
from listens.codec import HEADER_BYTES, MARKER, field_names, headers, schema_text
from listens.erasures import Erasure
from listens.identity import MINUTE_SOURCES
from listens.rules import ERASED, IN_RANGE
from listens.settings import Settings

POSITION = ("topic", "partition", "offset", "received_at")
"""Where a message stands on Kafka, and when the broker got it."""

IDENTIFIED_BY = ("event_id", "listener_id", "ended_at", "song_id", "ms_played", "source")
"""The fields of a listen from which `identity` is told."""

IDENTITY = ("event_id", "listener_id", "second", "song_id", "ms_played", "to_the_minute")
"""The columns of `identity`, and the parameters of `listens.identity.seen_key`."""


def kafka_messages(
    spark: SparkSession, settings: Settings, *, starting_offsets: str, max_offsets: int
) -> DataFrame:
    """The topic as a stream of `key`, `value` and POSITION; a lost offset is an error.

    Args:
        spark: the session.
        settings: names the brokers and the topic.
        starting_offsets: JSON as Spark's Kafka source takes it, used where no checkpoint is.
        max_offsets: messages in one micro-batch at most.
    """
    source = (
        spark.readStream.format("kafka")
        .options(**java_client_options(settings))
        .option("subscribe", settings.topic)
        .option("startingOffsets", starting_offsets)
        .option("maxOffsetsPerTrigger", max_offsets)
        .option("failOnDataLoss", "true")
        .load()
    )
    return source.select(
        "key", "value", "topic", "partition", "offset", F.col("timestamp").alias("received_at")
    )


def decoded(messages: DataFrame, *, erased: Sequence[Erasure] = ()) -> DataFrame:
    """Decode `value`; columns: POSITION, the fields of a listen, `rejection`, `key`, `value`.

    `rejection` is null for a listen; otherwise a code of `listens.rules.MESSAGE_REJECTIONS`,
    and `key` and `value` hold the raw message (null for a listen). Of the messages that fall
    under an erasure nothing is left but POSITION and `import_id`; `rejection` says ERASED.
    """
    header = F.substring("value", 1, HEADER_BYTES)
    body = F.expr(f"substring(value, {HEADER_BYTES + 1})")
    listen = reduce(
        lambda chosen, schema: F.when(
            header == F.lit(schema[0]), _record(body, schema[1])
        ).otherwise(chosen),
        headers().items(),
        F.lit(None),
    )
    judged = (
        messages.withColumn("listen", listen)
        .withColumns(
            {name: F.col(f"listen.{name}") for name in ("ended_at", "ms_played", "listener_id")}
        )
        .withColumn("rejection", F.when(_is_erased(erased), ERASED).otherwise(_rejection(header)))
    )
    is_erased = F.coalesce(F.col("rejection") == ERASED, F.lit(False))
    raw = F.col("rejection").isNotNull() & ~is_erased
    kept = {name: F.col("rejection").isNull() for name in field_names()}
    kept["import_id"] = ~raw
    return judged.select(
        *POSITION,
        *(F.when(keep, F.col(f"listen.{name}")).alias(name) for name, keep in kept.items()),
        "rejection",
        F.when(raw, F.col("key")).alias("key"),
        F.when(raw, F.col("value")).alias("value"),
    )


def accepted(events: DataFrame) -> DataFrame:
    """The rows of `decoded` that are listens."""
    return events.where(F.col("rejection").isNull())


def identity() -> tuple[Column, ...]:
    """What makes two messages the same event, under the names of IDENTITY."""
    return (
        F.col("event_id"),
        F.col("listener_id"),
        F.unix_seconds("ended_at").alias("second"),
        F.col("song_id"),
        F.col("ms_played"),
        F.col("source").isin(*MINUTE_SOURCES).alias("to_the_minute"),
    )


def once_each(events: DataFrame, *columns: str) -> DataFrame:
    """Of messages that are the same event only the one at the lowest (partition, offset).

    The same event is what `listens.identity.seen_key` names alike: equal in all of IDENTITY.
    Gives IDENTIFIED_BY, `partition`, `offset` and the columns that are named.
    """
    kept = dict.fromkeys((*IDENTIFIED_BY, "partition", "offset", *columns))
    first = F.min_by(F.struct(*kept), F.struct("partition", "offset")).alias("first")
    return events.groupBy(*identity()).agg(first).select("first.*")


def digest_of(name: Column) -> Column:
    """As `listens.erasures.digest_of`, of a column."""
    return F.sha2(name.cast("binary"), 256)


def part_of(event_id: str, parts: int) -> Column:
    """As `listens.erasures.part_of`, of a column."""
    leading = F.conv(F.hex(F.substring(event_id, 1, 2)), 16, 10)
    return leading.cast("int") % parts


def offset_of_partition(offsets: Mapping[int, int]) -> Column:
    """A vector's offset for the row's `partition`; 0 where it names none."""
    return reduce(
        lambda otherwise, item: F.when(F.col("partition") == item[0], item[1]).otherwise(otherwise),
        offsets.items(),
        F.lit(0),
    )


def _record(body: Column, schema_name: str) -> Column:
    options = {"mode": "PERMISSIVE", "avroSchema": schema_text()}
    return from_avro(body, schema_text(schema_name), options)


def _is_erased(erased: Sequence[Erasure]) -> Column:
    named = [digest_of(F.col("listen.listener_id")), digest_of(F.col("key"))]
    under = [
        (name == each.digest) & (F.col("offset") < offset_of_partition(each.until))
        for each in erased
        for name in named
    ]
    return reduce(lambda some, one: some | F.coalesce(one, F.lit(False)), under, F.lit(False))


def _rejection(header: Column) -> Column:
    marker = F.substring("value", 1, len(MARKER))
    known = [F.lit(known_header) for known_header in headers()]
    return (
        F.when(F.col("value").isNull() | (marker != F.lit(MARKER)), "bad_marker")
        .when(~header.isin(*known), "unknown_schema")
        .when(F.col("listen.event_id").isNull(), "undecodable")
        .when(~F.expr(IN_RANGE), "out_of_range")
        .when(
            F.col("key").isNull() | (F.col("key").cast("string") != F.col("listen.listener_id")),
            "key_mismatch",
        )
    )
