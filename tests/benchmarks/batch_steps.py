"""What a batch spends its time on: the command's steps, and the aggregation's stages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from unittest.mock import patch

from pyspark.sql import DataFrame, SparkSession

from batch import recount, versions
from listens.aggregation import cells as aggregation
from listens.aggregation.cells import COUNTED_COLUMNS
from listens.aggregation.checksums import month_checksums
from listens.aggregation.messages import accepted, once_each
from listens.views import EVERYONE, PAIRS
from tests.benchmarks.figures import timed
from tests.benchmarks.installation import Installation

ONLY_EVERYONE = tuple(pair for pair in PAIRS if pair[1] == EVERYONE)

_STEP = re.compile(r"^\d/\d at\s+([\d.]+) s (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Stage:
    """A part of the aggregation, run by itself from the raw events on."""

    seconds: float
    cells: int = 0


def step_seconds(target: Installation) -> dict[str, float]:
    """Run a batch by the command; step → its seconds; `start` is the way to the first step."""
    told = _STEP.findall(target.command("batch", "run").stderr)
    moments = [(float(at), name) for at, name in told]
    assert [name for _, name in moments] == list(recount.STEPS)
    lasted = {name: later - at for (at, name), (later, _) in pairwise(moments)}
    return {"start": moments[0][0], **lasted}


def all_cells(target: Installation) -> int:
    """Cells of every grain in the published version."""
    windows = versions.current(target.store)["windows"].values()
    return sum(window["cells"] for window in windows)


def stages(spark: SparkSession, target: Installation) -> dict[str, Stage]:
    """Stage → what it took; each but the first includes those before it."""
    _aggregated(spark, target, ONLY_EVERYONE)  # the first run pays for the JVM's compiler
    return {
        "read": _read(_events(spark, target)),
        "read, once each": _read(once_each(_events(spark, target))),
        "everyone only": _aggregated(spark, target, ONLY_EVERYONE),
        "all slices": _aggregated(spark, target, PAIRS),
    }


def _events(spark: SparkSession, target: Installation) -> DataFrame:
    events = spark.read.format("delta").load(target.settings.archive_table)
    return accepted(events).select("event_id", "partition", "offset", *COUNTED_COLUMNS)


def _read(rows: DataFrame) -> Stage:
    with timed() as seconds:
        rows.write.format("noop").mode("overwrite").save()
    return Stage(seconds())


def _aggregated(
    spark: SparkSession, target: Installation, pairs: tuple[tuple[str, str], ...]
) -> Stage:
    """As the step `recompute` does it: finest cells, kept, and their checksums."""
    _, cut = recount.take_cut(target.store)
    with patch.object(aggregation, "PAIRS", pairs):
        finest = recount.finest_cells(spark, settings=target.settings, cut=cut).persist()
        try:
            with timed() as seconds:
                month_checksums(finest)
            return Stage(seconds(), finest.count())
        finally:
            finest.unpersist()
