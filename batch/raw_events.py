"""The raw events before a cut, from the archive: each once, with what it counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from batch.charts import ROWS_AT_ONCE
from listens.aggregation.cells import COUNTED_SCHEMA, slice_column
from listens.aggregation.counted import RULED_COLUMNS, with_counted
from listens.aggregation.messages import (
    accepted,
    digest_of,
    offset_of_partition,
    once_each,
    part_of,
)
from listens.bulk_loads import partition_of
from listens.erasures import Erasure
from listens.offsets import from_document
from listens.settings import Settings
from listens.windows import END_DAY, Span, date_of, parse_window

SOME_MONTHS = 64
"""Months that a large history has: with more parts than that, each of them is in several."""


def counted_listens(
    spark: SparkSession,
    *,
    settings: Settings,
    cut: dict[str, int],
    months: Collection[str] | None = None,
    unfinished: Sequence[Erasure] = (),
    loads: Mapping[int, int] | None = None,
    later_loads: Collection[int] = (),
) -> DataFrame:
    """What every raw event before the cut counts (COUNTED_SCHEMA), each event once.

    A month is in one part, or where there are very many events in few, dealt out by listener: most
    charts are then made by one task.

    Args:
        spark: the session.
        settings: where the archive is, the reporting zone, and the views that are counted.
        cut: partition → the offset before which events count.
        unfinished: erasures as they stand at the cut: what they have forgotten isn't counted.
        months: only events of these months of the zone, like 2026-01; without: of all.
        loads: sealed bulk loads that count, with their events.
        later_loads: sealed ones that don't count yet: their events don't, and nobody else counts
            them either, since the speed layer takes them for repeats.
    """
    loads = loads or {}
    events = sum(cut.values()) + sum(loads.values())
    if not events:
        # Nothing has come yet, so the archive may not be a table yet either.
        return spark.createDataFrame(COUNTED_SCHEMA.empty_table())
    once = _once_before(
        spark,
        RULED_COLUMNS,
        settings=settings,
        cut=cut,
        around=None if months is None else _around(months),
        unfinished=unfinished,
        loads=loads.keys(),
        later_loads=later_loads,
    )
    listens = with_counted(
        once, time_zone=settings.time_zone, optional_views=settings.counted_views
    ).select(COUNTED_SCHEMA.names)
    date = F.date_from_unix_date("day")
    if months is not None:
        listens = listens.where(F.date_format(date, "yyyy-MM").isin(*months))
    parts = max(spark.sparkContext.defaultParallelism, -(-events // ROWS_AT_ONCE))
    of_listeners = F.pmod(F.hash(slice_column("listener")), F.lit(max(1, parts // SOME_MONTHS)))
    return listens.repartition(parts, month_column(), of_listeners)


def month_column() -> Column:
    """The first day of the month that a counted listen's `day` is in."""
    return F.trunc(F.date_from_unix_date("day"), "month")


def listens_before(
    spark: SparkSession,
    columns: Sequence[str],
    *,
    settings: Settings,
    cut: dict[str, int],
    span: Span | None = None,
    unfinished: Sequence[Erasure] = (),
    loads: Collection[int] = (),
) -> DataFrame:
    """Columns of a listen of every raw event before the cut, each event once.

    As `counted_listens` has them; of a span of days in the reporting zone, or of all. There has
    to be an archive.
    """
    around = None
    if span is not None:  # no listen ended before 1970, or when no date is
        around = (_midnight(max(span.first - 1, 0)), _midnight(min(span.end + 1, END_DAY - 1)))
    listens = _once_before(
        spark, columns, settings=settings, cut=cut, around=around, unfinished=unfinished,
        loads=loads,
    )  # fmt: skip
    if span is None:
        return listens
    day = F.unix_date(F.from_utc_timestamp("ended_at", settings.time_zone).cast("date"))
    return listens.where((day >= span.first) & (day < span.end))


def _once_before(
    spark: SparkSession,
    columns: Sequence[str],
    *,
    settings: Settings,
    cut: dict[str, int],
    around: tuple[datetime, datetime] | None,
    unfinished: Sequence[Erasure],
    loads: Collection[int],
    later_loads: Collection[int] = (),
) -> DataFrame:
    raw = spark.read.format("delta").load(settings.archive_table)
    is_loaded = _is_of({*loads, *later_loads})
    is_before = F.col("offset") < offset_of_partition(from_document(cut))
    before = _without_forgotten(accepted(raw).where(is_before | is_loaded), unfinished)
    if around is not None:
        before = before.where(F.col("ended_at").between(*around))
    # A load's place is below zero, so that of an event that Kafka brought later its row counts.
    return once_each(before, *columns).where(~_is_of(later_loads))


def _without_forgotten(events: DataFrame, unfinished: Sequence[Erasure]) -> DataFrame:
    """What the commits count while the archive still holds an erased listener's rows."""
    for each in unfinished:
        is_theirs = digest_of(F.col("listener_id")) == each.digest
        is_before = F.col("offset") < offset_of_partition(each.places)
        was_counted = F.col("offset") < offset_of_partition(each.counted_places)
        is_taken_back = part_of("event_id", max(each.parts, 1)) < len(each.negations)
        is_forgotten = is_theirs & is_before & (~was_counted | is_taken_back)
        # What has come since is counted anew, even beside the same that isn't taken back yet.
        anew = F.concat("event_id", F.lit(bytearray(1)))
        event_id = F.when(is_theirs & ~is_before, anew).otherwise(F.col("event_id"))
        events = events.where(~is_forgotten).withColumn("event_id", event_id)
    return events


def _is_of(loads: Collection[int]) -> Column:
    """Whether a row is of one of these bulk loads."""
    return F.col("partition").isin([partition_of(number) for number in loads])


def _around(months: Collection[str]) -> tuple[datetime, datetime]:
    """Moments that hold the months in every zone: files without any of them aren't opened."""
    spans = [parse_window(month) for month in months]
    first, end = min(span.first for span in spans), max(span.end for span in spans)
    return _midnight(first - 1), _midnight(end + 1)


def _midnight(day: int) -> datetime:
    return datetime.combine(date_of(day), time(), UTC)
