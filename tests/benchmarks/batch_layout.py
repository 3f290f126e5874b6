"""Two layouts of the batch charts, with the same content and the same questions.

Packed: a document a chart, with arrays, as the batch writes them. Indexed: a document a cell, with
an index for each measure in the order of its ranking, read in blocks until no key that hasn't been
seen can enter.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from time import perf_counter
from typing import Any

import numpy as np
from pymongo import DESCENDING, IndexModel
from pymongo.collection import Collection
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from api.merging.merge import Ranked, extended, no_overlay, page
from batch.charts import charts
from batch.executors import DOCUMENTS_A_WRITE
from batch.manifest import with_years
from ingestion.simulator.messages import simulate_listens
from listens.aggregation.cells import COUNTED_SCHEMA, cells
from listens.aggregation.checksums import listens_checksums
from listens.aggregation.counted import with_counted
from listens.aggregation.messages import accepted, decoded
from listens.packing import Chart, folded, unpack_chart
from listens.rules import MEASURES
from listens.store import BATCH_CHARTS, Document, Store
from tests.benchmarks.figures import timed

INDEXED = "batch_cells"
RANKINGS = ("plays", "ms_played", "streams", "skips")
CHART = ("view", "by", "value", "window", "generation")
TOP = 50
TOUCHED = 100
CELLS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Question:
    """The first TOP keys of a chart by a measure, with the speed layer's sums over it."""

    chart: Document
    by: str
    speed: Chart


@dataclass(frozen=True)
class Layout:
    """What a layout costs to load and to keep."""

    documents: int
    load_seconds: float
    bytes: int


def chart_documents(spark: SparkSession, *, events: int) -> list[Document]:
    """Charts of every grain of one simulated listener's three years, packed."""
    messages = simulate_listens(rows=events, seed=7, first_year=2022, last_year=2024)
    sent = [(key.encode(), value, number) for number, (key, value) in enumerate(messages)]
    columns = "key binary, value binary, offset long"
    topic = spark.createDataFrame(sent, columns).select(
        "key", "value", F.lit("bench").alias("topic"), F.lit(0).alias("partition"), "offset",
        F.current_timestamp().alias("received_at"),
    )  # fmt: skip
    listens = with_counted(accepted(decoded(topic)), time_zone="UTC", optional_views=())
    table = listens.select(COUNTED_SCHEMA.names).toArrow()
    windows = with_years(listens_checksums(table))
    made = [chart for of_pair in cells(table) for chart in charts(of_pair, labels=windows)]
    return [{"generation": 1, **chart, "part": 0} for chart in made]


def load_packed(documents: list[Document], store: Store) -> Layout:
    """As an executor of a batch loads them."""
    with timed() as seconds:
        for some in _batched(documents, DOCUMENTS_A_WRITE):
            store[BATCH_CHARTS].insert_many(some, ordered=False)
    return _layout(store, BATCH_CHARTS, seconds())


def load_indexed(documents: list[Document], store: Store) -> Layout:
    """Into a collection that has its indexes already, as every batch but the first finds it."""
    target = store[INDEXED]
    head = [(name, 1) for name in CHART]
    orders = [[*head, (name, DESCENDING), ("key", 1)] for name in RANKINGS]
    target.create_indexes([IndexModel(order) for order in [*orders, [*head, ("key", 1)]]])
    with timed() as seconds:
        for some in _batched(chain.from_iterable(map(_cell_documents, documents)), CELLS_AT_ONCE):
            target.insert_many(some, ordered=False)
    return _layout(store, INDEXED, seconds())


def questions(store: Store, *, count: int) -> list[Question]:
    """Random charts of songs, artists and albums, half of the touched keys new ones."""
    chosen, generator = random.Random(1), np.random.default_rng(1)
    wanted = {"view": {"$ne": "totals"}, "grain": {"$ne": "day"}}
    fields = dict.fromkeys((*CHART, "key", "n"), 1)
    found = list(store[BATCH_CHARTS].find(wanted, fields))
    return [
        Question(chart, chosen.choice(RANKINGS), _speed(generator, chart))
        for chart in chosen.choices(found, weights=[each["n"] for each in found], k=count)
    ]


def ask_packed(store: Store, question: Question) -> list[tuple[bytes, int]]:
    """Read the chart and merge it by the API's own functions."""
    return merged(read_packed(store, _about(question.chart)), question)


def read_packed(store: Store, chart: Document) -> Ranked:
    """One chart, as an API process keeps it once it has read it."""
    (document,) = store[BATCH_CHARTS].find(chart)
    return Ranked(unpack_chart(document))


def merged(ranked: Ranked, question: Question) -> list[tuple[bytes, int]]:
    """The page of the ranking; key and value."""
    overlay = extended(no_overlay(0), ranked.chart, question.speed, until=1)
    top = page(ranked, overlay, by=question.by, offset=0, limit=TOP).chart
    return list(zip(_ids(top.key), top.measures[question.by].tolist(), strict=True))


def ask_indexed(store: Store, question: Question) -> list[tuple[bytes, int]]:
    """Blocks in the order of the ranking, until no key that hasn't been seen can enter."""
    target, by = store[INDEXED], question.by
    chart = {name: question.chart[name] for name in CHART}
    values = dict(zip(_ids(question.speed.key), question.speed.measures[by].tolist(), strict=True))
    fields = {"_id": 0, "key": 1, by: 1}
    for cell in target.find(chart | {"key": {"$in": list(values)}}, fields):
        values[bytes(cell["key"])] += cell[by]
    touched = set(values)
    for block in _blocks(target, chart, by, fields):
        values |= {key: value for key, value in block if key not in touched}
        top = sorted(values.items(), key=lambda item: (-item[1], item[0]))[:TOP]
        if len(top) == TOP and top[-1][1] > block[-1][1]:
            return top
    return sorted(values.items(), key=lambda item: (-item[1], item[0]))[:TOP]


def ways(store: Store, asked: list[Question]) -> dict[str, Callable[[Question], object]]:
    """The layouts' ways to answer; the packed one also with charts that are in memory already."""
    held = {_name(each.chart): read_packed(store, _about(each.chart)) for each in asked}
    for each in asked:
        merged(held[_name(each.chart)], each)  # makes the ranking, which a process keeps
    return {
        "packed, read each time": lambda question: ask_packed(store, question),
        "packed, kept in memory": lambda question: merged(held[_name(question.chart)], question),
        "indexed": lambda question: ask_indexed(store, question),
    }


def milliseconds(ask: Callable[[Question], object], asked: list[Question]) -> list[float]:
    """Of each answer."""
    taken = []
    for question in asked:
        began = perf_counter()
        ask(question)
        taken.append((perf_counter() - began) * 1000)
    return taken


def _blocks(
    target: Collection[Document], chart: Document, by: str, fields: dict[str, int]
) -> Iterator[list[tuple[bytes, int]]]:
    order = [(by, DESCENDING), ("key", 1)]
    cursor = target.find(chart, fields).sort(order).batch_size(2 * TOP)
    block: list[tuple[bytes, int]] = []
    for cell in cursor:
        block.append((bytes(cell["key"]), cell[by]))
        if len(block) == 2 * TOP:
            yield block
            block = []
    if block:
        yield block


def _cell_documents(chart: Document) -> list[dict[str, Any]]:
    held = unpack_chart(chart)
    windows = [chart["window"]] * len(held)
    if chart["grain"] == "day":
        windows = [str(day) for day in np.frombuffer(chart["windows"], "<i4").tolist()]
    columns = [held.measures[name].tolist() for name in MEASURES]
    about = {name: chart[name] for name in ("view", "by", "value")}
    return [
        {**about, "window": window, "generation": 1, "key": key,
         **dict(zip(MEASURES, sums, strict=True))}
        for window, key, *sums in zip(windows, _ids(held.key), *columns, strict=True)
    ]  # fmt: skip


def _batched(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    waiting = iter(documents)
    while some := list(islice(waiting, size)):
        yield some


def _about(chart: Document) -> dict[str, Any]:
    """A query for the chart of a window; the day cells of a month have its label, too."""
    return {name: chart[name] for name in CHART} | {"grain": {"$ne": "day"}}


def _name(chart: Document) -> tuple[Any, ...]:
    return tuple(chart[name] for name in CHART)


def _speed(generator: np.random.Generator, chart: Document) -> Chart:
    """Half of the keys are in the chart, half are new; each was heard once."""
    keys = unpack_keys(chart)
    known = generator.choice(keys, min(TOUCHED // 2, len(keys)), replace=False)
    new = np.frombuffer(generator.bytes(16 * (TOUCHED - len(known))), "S16")
    key = np.concatenate([known, new])
    ones = np.ones(len(key), np.int64)
    measures = {name: ones * (200_000 if name == "ms_played" else 1) for name in MEASURES}
    return folded([Chart(key, measures)])


def unpack_keys(chart: Document) -> np.ndarray[Any, np.dtype[np.bytes_]]:
    """The keys of a packed chart."""
    return np.frombuffer(chart["key"], f"S{len(chart['key']) // chart['n']}")


def _ids(keys: np.ndarray[Any, np.dtype[np.bytes_]]) -> list[bytes]:
    """Whole ids: numpy takes NULs off the end of an item."""
    return [bytes(key).ljust(16, b"\0") for key in keys.tolist()]


def _layout(store: Store, collection: str, seconds: float) -> Layout:
    store.client.admin.command("fsync")
    stats = store.command("collStats", collection)
    return Layout(stats["count"], seconds, stats["storageSize"] + stats["totalIndexSize"])
