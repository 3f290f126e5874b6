"""Cells an event, view by view, on made-up listens: what a row of the catalogue costs.

    python tests/benchmarks/cells_by_view.py

Needs nothing that runs. Prints a table for docs/views.md, and how many listens a second are summed.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from listens.aggregation.cells import (  # noqa: E402
    COUNTED_SCHEMA,
    cells,
    key_column,
    measure_column,
    slice_column,
)
from listens.rules import DAYPARTS, MEASURES  # noqa: E402
from listens.views import PAIRS, SLICES, VIEWS  # noqa: E402

LISTENS = 100_000
SONGS = 20_000
FIRST_DAY = 20_000

Column = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class History:
    """Whose listens they are, over how long, and whether all fields are known."""

    name: str
    listeners: int
    days: int
    is_full: bool


HISTORIES = (
    History("one listener's ten years, Spotify's fields", 1, 3_650, is_full=False),
    History("50 listeners, six years, all fields", 50, 2_190, is_full=True),
    History("one day of 10,000 listeners, all fields", 10_000, 1, is_full=True),
)


def main() -> None:
    """Print the table."""
    found = [_measured(history) for history in HISTORIES]
    print("| view |", " | ".join(history.name for history in HISTORIES), "|")
    print("| --- |", " | ".join("---" for _ in HISTORIES), "|")
    for view in VIEWS:
        print(f"| `{view}` |", " | ".join(f"{each.get(view, 0):.1f}" for each, _ in found), "|")
    print("| all |", " | ".join(f"{sum(each.values()):.1f}" for each, _ in found), "|")
    print("listens/s:", ", ".join(f"{rate:,.0f}" for _, rate in found))


def _measured(history: History) -> tuple[dict[str, float], float]:
    """View → cells an event; and listens a second."""
    table = _table(history)
    list(cells(table.slice(0, 1_000)))
    began = time.perf_counter()
    made = list(cells(table))
    seconds = time.perf_counter() - began
    by_view: dict[str, float] = {}
    for of_pair in made:
        view = PAIRS[of_pair.pair][0]
        by_view[view] = by_view.get(view, 0.0) + len(of_pair) / LISTENS
    return by_view, LISTENS / seconds


def _table(history: History) -> pa.Table:
    random = np.random.default_rng(1)
    listener = (random.random(LISTENS) ** 2 * history.listeners).astype(int)
    song = (random.random(LISTENS) ** 3 * SONGS).astype(int)
    minute = np.sort(random.integers(0, history.days * 1440, LISTENS)) + FIRST_DAY * 1440
    hour = minute // 60

    def named(prefix: str, numbers: Column, *, is_known: bool = True) -> Column:
        if not is_known:
            return np.full(LISTENS, None, object)
        return np.array([f"{prefix}{number}" for number in numbers.tolist()], object)

    def drawn(prefix: str, count: int) -> Column:
        return named(prefix, random.integers(0, count, LISTENS), is_known=history.is_full)

    daypart_of = {at: name for name, hours in DAYPARTS.items() for at in hours}
    daypart = np.array([daypart_of[at] for at in (hour % 24).tolist()], object)
    who = named("listener-", listener)
    country = named("C", listener % 6)
    genre = named("genre", song // 8 % 20, is_known=history.is_full)
    personality = named("P", listener % 16, is_known=history.is_full)
    mood = drawn("mood", 6)
    ids = {"songs": _ids(song), "artists": _ids(song // 8), "albums": _ids(song // 5)}
    music = np.full(LISTENS, "music", object)
    keys = {
        **ids, "totals": music, "genres": genre, "platforms": named("p", song % 4),
        "countries": country, "moods": mood, "personalities": personality,
        "interactions": drawn("deed", 5),
        "years": named("", 1960 + song // 5 % 66, is_known=history.is_full),
        "listeners": who, "audience": who, "genre_minutes": genre,
        "artist_minutes": ids["artists"], "song_minutes": ids["songs"], "listener_minutes": music,
    }  # fmt: skip
    slices = {
        "listener": who, "country": country, "platform": keys["platforms"], "daypart": daypart,
        "personality": personality, "genre": genre, "mood": mood,
        "country+daypart": country + "/" + daypart, "listener+daypart": who + "/" + daypart,
        "song": _hex(ids["songs"]), "artist": _hex(ids["artists"]), "album": _hex(ids["albums"]),
    }  # fmt: skip
    ms = random.integers(1, 300_000, LISTENS)
    sums = {"streams": np.ones(LISTENS, int), "plays": ms >= 30_000, "ms_played": ms}
    columns: dict[str, Any] = {"day": hour // 24, "hour": hour, "minute": minute}
    columns |= {key_column(view): keys[view] for view in VIEWS}
    columns |= {slice_column(by): slices[by] for by in SLICES}
    columns |= {measure_column(name): sums.get(name, np.zeros(LISTENS, int)) for name in MEASURES}
    return pa.table({field.name: _array(columns[field.name], field) for field in COUNTED_SCHEMA})


def _array(column: Column, field: pa.Field) -> pa.Array:
    if pa.types.is_binary(field.type):
        texts = [each.encode() if isinstance(each, str) else each for each in column.tolist()]
        return pa.array(texts, field.type)
    if pa.types.is_integer(field.type):
        return pa.array(column.astype(np.int64)).cast(field.type)
    return pa.array(column.tolist(), field.type)


def _ids(numbers: Column) -> Column:
    return np.array([number.to_bytes(16, "big") for number in numbers.tolist()], object)


def _hex(ids: Column) -> Column:
    return np.array([each.hex() for each in ids.tolist()], object)


if __name__ == "__main__":
    main()
