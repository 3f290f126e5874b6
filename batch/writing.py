"""What a version stores: charts of months from listens, of years and all time from either.

A small history is written at once. Of a large one a few months are at a time, since listens make
more charts than a disk may have room to shuffle; longer windows are then sums of the stored ones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from batch.executors import write_charts
from batch.manifest import is_month
from batch.passes import passes
from batch.rollups import write_rollups
from listens.settings import Settings
from listens.windows import parse_window


def write_windows(
    listens: DataFrame, *, windows: Collection[str], events: Mapping[str, int],
    stored: dict[str, int], are_all: bool, generation: int, settings: Settings,
    tell: Callable[[str], None],
) -> dict[str, int]:  # fmt: skip
    """Write the charts of some windows under a generation that nothing refers to yet.

    Args:
        listens: COUNTED_SCHEMA, each event once; kept, since they're read several times.
        windows: labels of months and years, and `all`.
        events: month → number of its listens.
        stored: the version's other months and years, which are taken over.
        are_all: whether the listens are those of every month.
        generation: number of the version that is being made.
        settings: where MongoDB is, and how many events are written at once.
        tell: called with how far it is, where it takes long.

    Returns:
        Window → number of its cells.
    """
    if not windows:
        return {}
    most = settings.batch_events_at_once
    if are_all and sum(events.values()) <= most:
        return write_charts(listens, windows=windows, generation=generation, settings=settings)
    months = [window for window in windows if is_month(window)]
    longer = [window for window in windows if not is_month(window)]
    written: dict[str, int] = {}
    for group in passes(events, months, most=most):
        tell(f"{group[0]} to {group[-1]}")
        some = _within(listens, group)
        written |= write_charts(some, windows=group, generation=generation, settings=settings)
    if longer:
        tell("years and all time")
    return written | write_rollups(
        listens.sparkSession, windows=longer, stored=stored | dict.fromkeys(months, generation),
        generation=generation, settings=settings,
    )  # fmt: skip


def _within(listens: DataFrame, months: tuple[str, ...]) -> DataFrame:
    first, end = parse_window(months[0]).first, parse_window(months[-1]).end
    return listens.where(F.col("day").between(first, end - 1))
