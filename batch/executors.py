"""What the executors do, each with its part of the events: checksums, charts, and writing them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import bson
import numpy as np
import pyarrow as pa
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.collection import Collection as MongoCollection
from pyspark.sql import DataFrame

from batch.charts import CHART, KEYS_A_PART, ROWS_AT_ONCE, charts, merged, together
from batch.raw_events import month_column
from listens import store as collections
from listens.aggregation.cells import cells, slice_column
from listens.aggregation.checksums import Checksum, joined, listens_checksums
from listens.settings import Settings
from listens.store import Document

DOCUMENTS_A_WRITE = 10_000

CELLS_A_WRITE = 1_000_000
"""Some 30 MB at once."""

_MONTHS = "month string, listens long, first long, second long"
_MONTHS_SCHEMA = pa.schema(
    [("month", pa.string()), *((name, pa.int64()) for name in ("listens", "first", "second"))]
)
_PARTS = ", ".join([*(f"{name} string" for name in CHART), "n int, document binary"])
_PARTS_SCHEMA = pa.schema(
    [*((name, pa.string()) for name in CHART), ("n", pa.int32()), ("document", pa.binary())]
)
_WRITTEN = "window string, cells long"
_WRITTEN_SCHEMA = pa.schema([("window", pa.string()), ("cells", pa.int64())])

Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class Months:
    """What each month has, by its label: the checksum of its cells, and the number of listens."""

    checksums: dict[str, Checksum]
    listens: dict[str, int]


def counted_months(listens: DataFrame) -> Months:
    """The months of listens (COUNTED_SCHEMA, each event once)."""

    def of_part(batches: Batches) -> Iterator[pa.RecordBatch]:
        for table in tables(batches):
            number = _listens_by_month(table)
            rows = [
                {"month": month, "listens": number[month], "first": first, "second": second}
                for month, (first, second) in listens_checksums(table).items()
            ]
            yield from _batches(rows, _MONTHS_SCHEMA)

    checksums: dict[str, Checksum] = {}
    numbers: dict[str, int] = {}
    for month, number, first, second in listens.mapInArrow(of_part, _MONTHS).collect():
        checksums = joined(checksums, {month: (first, second)})
        numbers[month] = numbers.get(month, 0) + number
    return Months(checksums, numbers)


def _listens_by_month(table: pa.Table) -> dict[str, int]:
    months = table["day"].to_numpy().astype("datetime64[D]").astype("datetime64[M]")
    distinct, numbers = np.unique(months, return_counts=True)
    return dict(zip(distinct.astype(str).tolist(), numbers.tolist(), strict=True))


def write_charts(
    listens: DataFrame, *, windows: Collection[str], generation: int, settings: Settings
) -> dict[str, int]:
    """Write the charts of some windows under a generation that nothing refers to yet.

    Each task makes charts of its own listens; those about the same thing then come together in
    one task, which adds them up.

    Args:
        listens: COUNTED_SCHEMA, each event once, as `batch.raw_events` deals them out.
        windows: labels of months and years, and `all`.
        generation: number of the version that is being made.
        settings: where MongoDB is.

    Returns:
        Window → number of its cells.
    """
    connection, database = settings.mongo_connection, settings.database

    def parts(batches: Batches) -> Iterator[pa.RecordBatch]:
        for table in tables(batches):
            for of_pair in cells(table):
                rows = [
                    _part(chart, generation=generation) for chart in charts(of_pair, labels=windows)
                ]
                yield from _batches(rows, _PARTS_SCHEMA)

    def write(batches: Batches) -> Iterator[pa.RecordBatch]:
        client: MongoClient[Document] = MongoClient(connection, w="majority", journal=True)
        with client:
            target = client[database][collections.BATCH_CHARTS]
            written = _write(_rows(batches), target, generation=generation)
        rows = [{"window": window, "cells": count} for window, count in written.items()]
        yield from _batches(rows, _WRITTEN_SCHEMA)

    # A month's listens are in few parts: sorted by listener, nearly all charts, being of one
    # listener and month, are whole where they're made, instead of in pieces of several tables.
    ordered = listens.sortWithinPartitions(month_column(), slice_column("listener"))
    by_chart = ordered.mapInArrow(parts, _PARTS).repartition(*CHART)
    written = by_chart.sortWithinPartitions(*CHART).mapInArrow(write, _WRITTEN)
    counts = dict.fromkeys(windows, 0)
    for row in written.collect():
        counts[row["window"]] += row["cells"]
    return counts


def _part(chart: Document, *, generation: int) -> dict[str, Any]:
    # Encoded as MongoDB takes it: most charts have one part, which is passed on untouched.
    document = bson.encode({"generation": generation, **chart, "part": 0})
    return {**{name: chart[name] for name in CHART}, "n": chart["n"], "document": document}


def _write(
    rows: Iterator[dict[str, Any]], target: MongoCollection[Document], *, generation: int
) -> dict[str, int]:
    counts: dict[str, int] = {}

    def documents() -> Iterator[tuple[int, Any]]:
        parts = ([*of_one] for _, of_one in groupby(rows, key=itemgetter(*CHART)))
        for some in together(parts):
            for window, n, document in _whole(some, generation=generation):
                counts[window] = counts.get(window, 0) + n
                yield n, document

    insert(documents(), target)
    return counts


def insert(documents: Iterable[tuple[int, Any]], target: MongoCollection[Document]) -> None:
    """Insert charts, each given with its number of cells; many at once, most being small.

    MongoDB answers once they're in its journal: waiting for that took longer than the inserting.
    """
    waiting: list[Any] = []
    cells = 0
    for n, document in documents:
        waiting.append(document)
        cells += n
        if len(waiting) >= DOCUMENTS_A_WRITE or cells >= CELLS_A_WRITE:
            target.insert_many(waiting, ordered=False)
            waiting, cells = [], 0
    if waiting:
        target.insert_many(waiting, ordered=False)


def _whole(
    groups: Sequence[Sequence[dict[str, Any]]], *, generation: int
) -> Iterator[tuple[str, int, Any]]:
    """Window, number of cells and document of each chart that the groups' parts make."""
    several = []
    for parts in groups:
        if len(parts) == 1 and parts[0]["n"] <= KEYS_A_PART:
            yield parts[0]["window"], parts[0]["n"], RawBSONDocument(parts[0]["document"])
        else:
            several.append([bson.decode(part["document"]) for part in parts])
    for document in merged(several) if several else ():
        yield document["window"], document["n"], {"generation": generation, **document}


def tables(batches: Batches) -> Iterator[pa.Table]:
    """A task's batches, joined to tables of ROWS_AT_ONCE."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(part.num_rows for part in held) >= ROWS_AT_ONCE:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _rows(batches: Batches) -> Iterator[dict[str, Any]]:
    return chain.from_iterable(batch.to_pylist() for batch in batches)


def _batches(rows: list[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    if rows:
        yield pa.RecordBatch.from_pylist(rows, schema)
