"""From listens to cells: one function, run by the speed layer and by the batch layer."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from listens.rules import DAYPART, MEASURES
from listens.views import EVERYONE, PAIRS, SLICES, VIEWS

CELL_KEY = ("pair", "value", "window", "key")

COUNTED_COLUMNS = (
    "ended_at", "ms_played", "kind", "skipped", "completed", "reason_end",
    *(key for key in dict.fromkeys(view.key for view in VIEWS.values()) if key != "kind"),
    *(column for column in SLICES.values() if column != "daypart"),
)  # fmt: skip
"""The columns of a listen that cells are made of."""


def cells(listens: DataFrame, *, time_zone: str) -> DataFrame:
    """Sum listens into cells of every view and slice, at each view's finest window.

    Args:
        listens: COUNTED_COLUMNS, as in the Avro schema; `ended_at` a timestamp. Each event once.
        time_zone: IANA name of the reporting zone.

    Returns:
        One row a cell: `pair` (int, place in `listens.views.PAIRS`), `value` (string, empty for
        everyone), `window` (int, days or hours since 1970 in the zone), `key` (binary), and a
        bigint column for each measure. Cells of which every measure is zero are left out.
    """
    counted = with_local_time(listens, time_zone=time_zone).select(
        F.explode(F.array(*(_cell_of(view, by) for view, by in PAIRS))).alias("cell"),
        *(F.expr(rule).alias(name) for name, rule in MEASURES.items()),
    )
    something = F.greatest(*(F.col(name) for name in MEASURES)) > 0
    return (
        counted.where(F.col("cell.key").isNotNull() & F.col("cell.value").isNotNull() & something)
        .groupBy(*(F.col(f"cell.{name}").alias(name) for name in CELL_KEY))
        .agg(*(F.sum(name).alias(name) for name in MEASURES))
        .select(*CELL_KEY, *MEASURES)
    )


def with_local_time(listens: DataFrame, *, time_zone: str) -> DataFrame:
    """Add `day` and `hour` (ints since 1970), `hour_of_day` and `daypart`, in the zone."""
    local = F.from_utc_timestamp("ended_at", time_zone)
    return (
        listens.withColumn("day", F.unix_date(local.cast("date")))
        .withColumn("hour_of_day", F.hour(local))
        .withColumn("hour", F.col("day") * 24 + F.col("hour_of_day"))
        .withColumn("daypart", F.expr(DAYPART))
    )


def _cell_of(view_name: str, by: str) -> Column:
    view = VIEWS[view_name]
    key = F.when(F.expr(view.where), F.col(view.key).cast("binary"))
    value = F.lit("") if by == EVERYONE else F.col(SLICES[by])
    return F.struct(
        F.lit(PAIRS.index((view_name, by))).alias("pair"),
        value.alias("value"),
        F.col(view.finest).alias("window"),
        key.alias("key"),
    )
