"""What a row of the catalogue costs: cells an event, and the time to sum and pack them.

    python tests/benchmarks/cells_by_view.py [FOLDER]

Simulated listens, and the exports in a folder if one is named, through the rules in Spark and the
two functions with which the speed layer makes segments. Needs Java and the jars, and no service.
Prints the table of docs/views.md; of all views, the optional ones as well.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from ingestion.detect import recognise_all  # noqa: E402
from ingestion.normalise import Normaliser  # noqa: E402
from ingestion.rejections import Rejection  # noqa: E402
from ingestion.simulator.blocks import simulated  # noqa: E402
from ingestion.simulator.messages import messages  # noqa: E402
from ingestion.simulator.world import make_world  # noqa: E402
from ingestion.simulator.zones import DAY_MS  # noqa: E402
from ingestion.sources import expand  # noqa: E402
from listens.aggregation.cells import COUNTED_SCHEMA, cells  # noqa: E402
from listens.aggregation.counted import RULED_COLUMNS, with_counted  # noqa: E402
from listens.aggregation.segments import segments  # noqa: E402
from listens.aggregation.session import spark_session  # noqa: E402
from listens.codec import decode  # noqa: E402
from listens.settings import load_settings  # noqa: E402
from listens.views import OPTIONAL, PAIRS, VIEWS  # noqa: E402

LISTENS = 100_000
SONGS = 20_000
TIMES = 3
TIMED = 1
"""The history of which the table has the time, too: the one with the most cells."""

FOREVER_MS = 1 << 42

NOT_SPOTIFYS = ("genre", "year", "mood", "personality", "interaction", "rating", "listener_age",
                "duration_ms")  # fmt: skip
"""What the simulator knows and Spotify's exports don't."""

IDS = ("song_id", "artist_id", "album_id")
TYPES = {
    "ended_at": pa.timestamp("us", "UTC"), "ms_played": pa.int64(), "duration_ms": pa.int64(),
    **dict.fromkeys(("skipped", "completed"), pa.bool_()),
    **dict.fromkeys(("year", "rating", "listener_age"), pa.int32()),
    **dict.fromkeys(IDS, pa.binary()),
}  # fmt: skip

Listen = dict[str, Any]


@dataclass(frozen=True)
class Cost:
    """By view: cells an event, and microseconds an event; and how many events there were."""

    cells: dict[str, float]
    micros: dict[str, float]
    events: int


def main() -> None:
    """Print the table."""
    spark = spark_session(load_settings(), "cells by view")
    names, found = [], []
    for name, listens in histories(sys.argv[1:]):
        names.append(name)
        found.append(_measured(spark, listens))
    print("| view |", " | ".join([*names, f"µs an event, {names[TIMED]}"]), "|")
    print("| --- |", " | ".join(["---"] * (len(names) + 1)), "|")
    for view in VIEWS:
        print(f"| `{view}` |", _shown(found, [view]), "|")
    print("| all |", _shown(found, VIEWS), "|")
    for name, cost in zip(names, found, strict=True):
        usual = sum(micros for view, micros in cost.micros.items() if view not in OPTIONAL)
        every = sum(cost.micros.values())
        print(f"{name}: {cost.events:,} events, {1e6 / every:,.0f} a second, {1e6 / usual:,.0f} "
              "without the optional views")  # fmt: skip


def histories(folders: list[str]) -> Iterator[tuple[str, Iterable[Listen]]]:
    """Name and listens; what is simulated is the same each time."""
    alone = make_world(seed=1, listeners=1, songs=SONGS, first_year=2015, last_year=2024)
    without = dict.fromkeys(NOT_SPOTIFYS)
    yield (
        "one listener's ten years, Spotify's fields",
        ({**listen, **without} for listen in _simulated(alone)),
    )
    some = make_world(seed=1, listeners=50, songs=SONGS, first_year=2019, last_year=2024)
    yield "50 listeners, six years, all fields", _simulated(some)
    many = make_world(seed=1, listeners=10_000, songs=SONGS, first_year=2024, last_year=2024)
    # The last day is left free by a simulation, so that a day of listens needs two.
    day = replace(many, end_ms=many.begin_ms + 2 * DAY_MS)
    yield "one day of 10,000 listeners, all fields", _simulated(day)
    for folder in folders:
        yield "exports", _exported(Path(folder))


def _simulated(world: Any) -> Iterator[Listen]:
    return (decode(message) for _, message in messages(world, simulated(world, rows=LISTENS)))


def _exported(folder: Path) -> Iterator[Listen]:
    """The listens of every file, as an import takes them; each export is somebody else's."""
    recognised, _ = recognise_all(expand([folder]), format_="auto", date_order=None)
    for history in recognised:
        normalise = Normaliser(
            listener_id=Path(history.source.name).parent.name or history.format,
            source=history.format,
            import_id="",
            now_ms=FOREVER_MS,
            date_order=history.date_order,
        )
        outcomes = (normalise(number, row) for number, row in history.rows())
        for each in outcomes:
            if not isinstance(each, Rejection):
                yield each | {"ended_at": datetime.fromtimestamp(each["ended_at"] / 1000, UTC)}


def _measured(spark: SparkSession, listens: Iterable[Listen]) -> Cost:
    table = _counted(spark, listens)
    list(cells(table.slice(0, 1_000)))
    runs = [_once(table) for _ in range(TIMES)]
    # The least of some runs: what is above it is the machine's other work.
    micros = {view: min(run.micros[view] for run in runs) for view in VIEWS}
    return Cost(runs[0].cells, micros, table.num_rows)


def _once(table: pa.Table) -> Cost:
    made, seconds = dict.fromkeys(VIEWS, 0), dict.fromkeys(VIEWS, 0.0)
    began = time.perf_counter()
    for of_pair in cells(table):
        view = PAIRS[of_pair.pair][0]
        made[view] += len(of_pair)
        segments([of_pair], seq=1)
        ended = time.perf_counter()
        seconds[view] += ended - began
        began = ended
    events = table.num_rows
    return Cost(
        {view: count / events for view, count in made.items()},
        {view: spent / events * 1e6 for view, spent in seconds.items()},
        events,
    )


def _counted(spark: SparkSession, listens: Iterable[Listen]) -> pa.Table:
    schema = pa.schema([(name, TYPES.get(name, pa.string())) for name in RULED_COLUMNS])
    rows = [{name: listen.get(name) for name in RULED_COLUMNS} for listen in listens]
    frame = spark.createDataFrame(pa.Table.from_pylist(rows, schema=schema))
    counted = with_counted(frame, time_zone="UTC", optional_views=OPTIONAL)
    return counted.select(COUNTED_SCHEMA.names).toArrow()


def _shown(found: list[Cost], views: Collection[str]) -> str:
    sums = [sum(cost.cells[view] for view in views) for cost in found]
    sums.append(sum(found[TIMED].micros[view] for view in views))
    return " | ".join(f"{each:.1f}" for each in sums)


if __name__ == "__main__":
    os.environ.setdefault("TZ", "UTC")
    main()
