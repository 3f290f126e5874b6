"""What each listen adds and to what, in Spark: the rules as columns, one row a listen."""

from __future__ import annotations

from collections.abc import Collection

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from listens.aggregation.cells import WINDOWS, key_column, measure_column, slice_column
from listens.rules import DAYPART, MEASURES
from listens.views import SLICES, VIEWS, View
from listens.windows import HOURS_A_DAY

RULED_COLUMNS = (
    "ended_at", "ms_played", "kind", "skipped", "completed", "reason_end",
    "song_id", "artist_id", "album_id", "listener_id", "country", "platform",
    "genre", "year", "mood", "personality", "interaction", "rating", "listener_age", "duration_ms",
)  # fmt: skip
"""The columns of a listen that the rules look at."""


def with_counted(
    listens: DataFrame, *, time_zone: str, optional_views: Collection[str]
) -> DataFrame:
    """Add to each row what `listens.aggregation.cells` sums.

    Args:
        listens: RULED_COLUMNS, as in the Avro schema; `ended_at` a timestamp.
        time_zone: IANA name of the reporting zone.
        optional_views: those that are counted, of listens.views.OPTIONAL.

    Returns:
        The columns of `listens` and those of COUNTED_SCHEMA: `day`, `hour` and `minute` (int,
        since 1970 in the zone), for each view its `key_…` (binary, null where the listen isn't in
        the view), for each slice its `slice_…` (string, null where the listen is in none), and for
        each measure its `measure_…` (bigint).
    """
    local = F.from_utc_timestamp("ended_at", time_zone)
    # Two selects, as the rules speak of the hour; named apart, as a listen has `completed`, too.
    timed = listens.withColumns({"local_day": F.unix_date(local.cast("date")),
                                 "hour_of_day": F.hour(local)})  # fmt: skip
    hour = F.col("local_day") * HOURS_A_DAY + F.col("hour_of_day")
    return timed.withColumns(
        {
            "day": F.col("local_day"),
            "hour": hour,
            "minute": hour * 60 + F.minute(local),
            "daypart": F.expr(DAYPART),
        }
    ).select(*listens.columns, *WINDOWS, *_keys(optional_views), *_slices(), *_measures())


def _keys(optional_views: Collection[str]) -> list[Column]:
    return [
        F.when(F.expr(_where(view, optional_views)), F.expr(view.key).cast("binary")).alias(
            key_column(view.name)
        )
        for view in VIEWS.values()
    ]


def _where(view: View, optional_views: Collection[str]) -> str:
    """No listen is in a view that isn't counted, so that nothing else need know."""
    return view.where if view.counted == "always" or view.name in optional_views else "false"


def _slices() -> list[Column]:
    return [F.expr(value).alias(slice_column(by)) for by, value in SLICES.items()]


def _measures() -> list[Column]:
    return [F.expr(rule).alias(measure_column(name)) for name, rule in MEASURES.items()]
