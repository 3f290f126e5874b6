"""What a batch spends its time on: the command's steps, and the aggregation's stages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from batch import recount, versions
from batch.cut import take_cut
from batch.executors import counted_months, tables
from batch.raw_events import counted_listens
from listens.aggregation.cells import cells
from listens.aggregation.counted import RULED_COLUMNS
from listens.aggregation.messages import IDENTIFIED_BY, accepted, once_each
from tests.benchmarks.figures import timed
from tests.benchmarks.installation import Installation

_STEP = re.compile(r"^\d/\d at\s+([\d.]+) s (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Stage:
    """A part of the aggregation, run by itself from the raw events on."""

    seconds: float
    cells: int = 0


def step_seconds(target: Installation, **environment: str) -> dict[str, float]:
    """Run a batch by the command; step → its seconds; `start` is the way to the first step."""
    told = _STEP.findall(target.command("batch", "run", **environment).stderr)
    moments = [(float(at), name) for at, name in told]
    assert [name for _, name in moments] == list(recount.STEPS)
    lasted = {name: later - at for (at, name), (later, _) in pairwise(moments)}
    return {"start": moments[0][0], **lasted}


def all_cells(target: Installation) -> int:
    """Cells of every grain in the published version."""
    windows = versions.current(target.store)["windows"].values()
    return sum(window["cells"] for window in windows)


def stages(spark: SparkSession, target: Installation) -> dict[str, Stage]:
    """Stage → what it took; each includes those before it, but for what is kept in memory."""
    _read(_events(spark, target))  # the first run pays for the JVM's compiler
    found = {
        "read": _read(_events(spark, target)),
        "read, once each": _read(once_each(_events(spark, target), *RULED_COLUMNS)),
    }
    _, cut = take_cut(target.store)
    listens = counted_listens(spark, settings=target.settings, cut=cut).persist()
    try:
        with timed() as seconds:
            listens.count()
        found["counted and kept"] = Stage(seconds())
        with timed() as seconds:
            counted_months(listens)
        found["checksums of kept"] = Stage(seconds())
        with timed() as seconds:
            summed = listens.mapInArrow(_number_of_cells, "cells long").agg(F.sum("cells"))
            number = int(summed.collect()[0][0])
        found["summed into cells"] = Stage(seconds(), number)
    finally:
        listens.unpersist()
    return found


def _events(spark: SparkSession, target: Installation) -> DataFrame:
    events = spark.read.format("delta").load(target.settings.archive_table)
    needed = dict.fromkeys((*IDENTIFIED_BY, "partition", "offset", *RULED_COLUMNS))
    return accepted(events).select(*needed)


def _read(rows: DataFrame) -> Stage:
    with timed() as seconds:
        rows.write.format("noop").mode("overwrite").save()
    return Stage(seconds())


def _number_of_cells(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    number = sum(len(of_pair) for table in tables(batches) for of_pair in cells(table))
    yield pa.RecordBatch.from_pydict({"cells": [number]})
