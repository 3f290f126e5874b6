"""Charts of years and of all time from the stored charts of their months and years."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from pymongo import MongoClient
from pyspark.sql import SparkSession

from batch.charts import merged, together
from batch.executors import insert
from batch.manifest import grain_of, is_month
from listens import store as collections
from listens.settings import Settings
from listens.store import Document, Store
from listens.views import PAIRS, has_longer

Generations = Mapping[str, int]
"""Window → the generation whose charts count."""

TASKS_A_CORE = 8

_Order = tuple[str, str, str]
"""View, slice and window of charts that are to be made."""


def write_rollups(
    spark: SparkSession, *, windows: Collection[str], stored: Generations, generation: int,
    settings: Settings,
) -> dict[str, int]:  # fmt: skip
    """Write the charts of years as sums over stored months, and that of `all` over years.

    Args:
        spark: the session; its tasks make the charts.
        windows: years, and `all`.
        stored: every month of the version, and those of its years that aren't in `windows`.
        generation: number of the version that is being made.
        settings: where MongoDB is.

    Returns:
        Window → number of its cells.
    """
    years = sorted(set(windows) - {"all"})
    counts = dict.fromkeys(windows, 0)
    generations = {**stored, **dict.fromkeys(years, generation)}
    # All time is made of years, so that it has to come after them.
    for some in (years, ["all"] if "all" in windows else []):
        written = _write(spark, some, generations, generation=generation, settings=settings)
        for window, cells in written:
            counts[window] += cells
    return counts


def _write(
    spark: SparkSession, windows: list[str], stored: Generations, *, generation: int,
    settings: Settings,
) -> list[tuple[str, int]]:  # fmt: skip
    connection, database = settings.mongo_connection, settings.database

    def write(orders: Iterable[_Order]) -> Iterator[tuple[str, int]]:
        client: MongoClient[Document] = MongoClient(connection, w="majority", journal=True)
        with client:
            store = client[database]
            for view, by, window in orders:
                about = {"generation": generation, "grain": grain_of(window), "window": window}
                charts = _charts(store, view, by, _within(window, stored))
                documents = (
                    {**each, **about} for some in together(charts) for each in merged(some)
                )
                yield window, _insert(store, documents)

    orders = [(*pair, window) for pair in PAIRS if has_longer(*pair) for window in windows]
    if not orders:
        return []
    parts = min(len(orders), TASKS_A_CORE * spark.sparkContext.defaultParallelism)
    # Dealt out like cards: those of one view, the largest of all, come to different tasks.
    dealt = [order for first in range(parts) for order in orders[first::parts]]
    return spark.sparkContext.parallelize(dealt, parts).mapPartitions(write).collect()


def _within(window: str, stored: Generations) -> Generations:
    """The windows that make up a year, or all time."""
    if window == "all":
        return {name: number for name, number in stored.items() if grain_of(name) == "year"}
    return {
        name: number for name, number in stored.items() if is_month(name) and name[:4] == window
    }


def _charts(store: Store, view: str, by: str, parts: Generations) -> Iterator[list[Document]]:
    """The documents of one slice value in all parts, value after value."""
    wanted: dict[str, Any] = {
        "view": view,
        "by": by,
        "grain": {"$in": sorted({grain_of(name) for name in parts})},
        "$or": [{"window": name, "generation": number} for name, number in parts.items()],
    }
    # By the other index, which the server may prefer, all of it would have to be sorted.
    found = store[collections.BATCH_CHARTS].find(
        wanted, {"_id": 0}, sort=[("value", 1)], hint=[*collections.CHART_INDEX]
    )
    for _, documents in groupby(found, key=itemgetter("value")):
        yield [*documents]


def _insert(store: Store, documents: Iterator[Document]) -> int:
    cells = 0

    def counted() -> Iterator[tuple[int, Document]]:
        nonlocal cells
        for document in documents:
            cells += document["n"]
            yield document["n"], document

    insert(counted(), store[collections.BATCH_CHARTS])
    return cells
