"""Charts of every grain from the finest cells, packed and written to MongoDB by the executors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pymongo import MongoClient
from pymongo.collection import Collection
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from listens import store as collections
from listens.aggregation.checksums import month_of_cell
from listens.packing import pack_chart
from listens.rules import MEASURES
from listens.settings import Settings
from listens.store import Document
from listens.views import PAIRS

CHART = ("pair", "value", "grain", "label")
"""What one chart is about; `label` names its window (`2026-01`, `2026`, `all`)."""

KEYS_A_PART = 100_000
"""About 3 MB a document: far from MongoDB's 16 MB, and one read for nearly every chart."""

DOCUMENTS_A_WRITE = 500

WRITTEN = "label string, charts long, cells long"


def charts(cells: DataFrame) -> DataFrame:
    """Rows of all charts: CHART, `window`, `key` and the measures.

    The finest cells stay as they are, as charts of grain `day` labelled by their month; coarser
    ones are sums over them with a `window` of 0.
    """
    labelled = cells.withColumn("month", month_of_cell())
    finest = labelled.select(
        "pair", "value", F.lit("day").alias("grain"), F.col("month").alias("label"),
        "window", "key", *MEASURES,
    )  # fmt: skip
    coarser = (
        labelled.withColumn("chart", F.explode(F.array(*_coarser_windows())))
        .groupBy("pair", "value", "chart.grain", "chart.label", "key")
        .agg(*(F.sum(name).alias(name) for name in MEASURES))
        .select(*CHART, F.lit(0).alias("window"), "key", *MEASURES)
    )
    return finest.unionByName(coarser)


def _coarser_windows() -> Iterator[Column]:
    month = F.col("month")
    for grain, label in (
        ("month", month), ("year", F.substring(month, 1, 4)), ("all", F.lit("all")),
    ):  # fmt: skip
        yield F.struct(F.lit(grain).alias("grain"), label.alias("label"))


def write_charts(rows: DataFrame, *, generation: int, settings: Settings) -> dict[str, int]:
    """Write charts under a generation that nothing refers to yet; label → number of cells."""
    connection, database = settings.mongo_connection, settings.database

    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        client: MongoClient[Document] = MongoClient(connection, w="majority", journal=True)
        with client:
            target = client[database][collections.BATCH_CHARTS]
            yield from _write_partition(batches, target=target, generation=generation)

    written = (
        rows.repartition(*CHART)
        .sortWithinPartitions(*CHART, "key", "window")
        .mapInArrow(write, WRITTEN)
        .groupBy("label")
        .agg(F.sum("cells").alias("cells"))
    )
    return {row["label"]: row["cells"] for row in written.collect()}


def _write_partition(
    batches: Iterable[pa.RecordBatch], *, target: Collection[Document], generation: int
) -> Iterator[pa.RecordBatch]:
    waiting: list[dict[str, Any]] = []
    counts: dict[str, list[int]] = {}
    for chart in _whole_charts(batches):
        documents = list(_documents(chart, generation=generation))
        count = counts.setdefault(documents[0]["window"], [0, 0])
        count[0] += 1
        count[1] += chart.num_rows
        waiting += documents
        if len(waiting) >= DOCUMENTS_A_WRITE:
            target.insert_many(waiting, ordered=False)
            waiting = []
    if waiting:
        target.insert_many(waiting, ordered=False)
    if counts:
        labels = list(counts)
        yield pa.RecordBatch.from_arrays(
            [
                pa.array(labels, pa.string()),
                pa.array([counts[label][0] for label in labels], pa.int64()),
                pa.array([counts[label][1] for label in labels], pa.int64()),
            ],
            names=["label", "charts", "cells"],
        )


def _whole_charts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Cut rows that come sorted by CHART into one table a chart, across batches."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        for piece in _runs(batch):
            if held and _chart_of(held[-1]) != _chart_of(piece):
                yield pa.Table.from_batches(held)
                held = []
            held.append(piece)
    if held:
        yield pa.Table.from_batches(held)


def _runs(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if not batch.num_rows:
        return
    changes = np.zeros(batch.num_rows - 1, bool)
    for name in CHART:
        column = batch[name]
        changes |= pc.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), batch.num_rows]
    for first, end in pairwise(edges):
        yield batch.slice(first, end - first)


def _chart_of(rows: pa.RecordBatch) -> tuple[Any, ...]:
    return tuple(rows[name][0].as_py() for name in CHART)


def _documents(chart: pa.Table, *, generation: int) -> Iterator[dict[str, Any]]:
    pair, value, grain, label = (chart[name][0].as_py() for name in CHART)
    view, by = PAIRS[pair]
    for part, first in enumerate(range(0, chart.num_rows, KEYS_A_PART)):
        rows = chart.slice(first, KEYS_A_PART)
        windows = rows["window"].to_numpy().astype("<i4").tobytes()
        yield {
            "generation": generation,
            "view": view,
            "by": by,
            "value": value,
            "grain": grain,
            "window": label,
            "part": part,
            **({"windows": windows} if grain == "day" else {}),
            **pack_chart(
                np.array(rows["key"].to_pylist(), dtype=np.bytes_),
                {name: rows[name].to_numpy() for name in MEASURES},
            ),
        }
