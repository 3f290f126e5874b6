"""Each chart of the API equals DuckDB's count of the raw files, at every moment of the way."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from tests.pipeline.conftest import Pipeline
from tests.pipeline.exports import Export, exports
from tests.pipeline.finding import assert_found
from tests.pipeline.independent import MEASURES, Count, fold

ROUTES = {"songs": "/api/top-songs", "artists": "/api/top-artists", "albums": "/api/top-albums"}
NAMES = {"songs": ("title", "artist"), "artists": ("artist",), "albums": ("album", "artist")}
RANKED_BY = ("plays", "ms_played", "streams", "skips")
BIG_PAGE = 1000


@dataclass(frozen=True)
class Window:
    """How a window is asked for, and its dates."""

    query: tuple[tuple[str, str], ...]
    first: str | None = None
    end: str | None = None


def windows_of(day: date) -> list[Window]:
    """Every kind of window around a day."""
    week = day - timedelta(days=day.weekday())
    year, number, _ = day.isocalendar()
    month_end = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    spans = {
        f"{day.year}": (date(day.year, 1, 1), date(day.year + 1, 1, 1)),
        f"{day:%Y-%m}": (day.replace(day=1), month_end),
        f"{year}-W{number:02d}": (week, week + timedelta(days=7)),
        f"{day}": (day, day + timedelta(days=1)),
    }
    named = [Window((("window", name),), str(a), str(b)) for name, (a, b) in spans.items()]
    first, end = str(day - timedelta(days=400)), str(day + timedelta(days=17))
    return [
        Window((("window", "all"),)),
        *named,
        Window((("from", first), ("to", end)), first, end),
        Window((("from", str(day)),), str(day)),
        Window((("to", str(day)),), None, str(day)),
    ]


def whole_chart(pipeline: Pipeline, view: str, query: dict[str, str]) -> list[dict]:
    items: list[dict] = []
    while True:
        page = pipeline.get(ROUTES[view], **query, limit=BIG_PAGE, offset=len(items))
        items += page["items"]
        if len(items) >= page["total"]:
            assert len(items) == page["total"]
            return items


def assert_same(pipeline: Pipeline, count: Count, view: str, window: Window, by: str, **slices):
    query = dict(window.query) | slices | {"by": by}
    items = whole_chart(pipeline, view, query)
    found = {
        tuple(fold(item[name]) for name in NAMES[view]): tuple(item[m] for m in MEASURES)
        for item in items
    }
    dimension = {"listener": "listener"}
    narrowed = {dimension.get(name, name): value for name, value in slices.items()}

    assert found == count.chart(view, first=window.first, end=window.end, **narrowed), query
    assert len(found) == len(items)
    assert [item["rank"] for item in items] == list(range(1, len(items) + 1))
    values = [item[by] for item in items]
    assert values == sorted(values, reverse=True)
    ids = [
        item[{"songs": "song_id", "artists": "artist_id", "albums": "album_id"}[view]]
        for item in items
    ]
    assert all(
        ids[place] < ids[place + 1]
        for place in range(len(ids) - 1)
        if values[place] == values[place + 1]
    )


def assert_all_charts(pipeline: Pipeline, count: Count) -> None:
    """Every window kind x every slice for songs; every view x every measure for some."""
    (middle,) = count.db.execute("SELECT median(local)::DATE FROM music").fetchone()
    slices = [{}] + [
        {column: value}
        for column in ("listener", "country", "platform", "daypart")
        for value in count.values(column)
    ]
    windows = windows_of(middle)
    for window, narrowed in itertools.product(windows, slices):
        assert_same(pipeline, count, "songs", window, "plays", **narrowed)
    for view, by, window in itertools.product(ROUTES, RANKED_BY, windows[:3]):
        assert_same(pipeline, count, view, window, by)
    for view, narrowed in itertools.product(("artists", "albums"), slices):
        assert_same(pipeline, count, view, windows[0], "ms_played", **narrowed)
    assert_found(pipeline, count)


def count_of(parts: list[Export]) -> Count:
    return Count((part.listener, part.form, part.path) for part in parts)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Export]:
    return exports(tmp_path_factory.mktemp("exports"))


def test_charts_are_exact_before_during_and_after_batches(
    pipeline: Pipeline, parts: list[Export]
) -> None:
    half = parts[: len(parts) // 2]
    for part in half:
        pipeline.send_file(part.path, part.listener)
    pipeline.drain()
    first_half = count_of(half)
    assert_all_charts(pipeline, first_half)

    version = pipeline.batch()

    assert version["audit"].startswith("equals version 0 plus")
    assert_all_charts(pipeline, first_half)

    for part in parts[len(parts) // 2 :]:
        pipeline.send_file(part.path, part.listener)
    pipeline.drain()
    everything = count_of(parts)
    assert_all_charts(pipeline, everything)

    whole = windows_of(date(2024, 6, 1))[0]

    def look(step: str) -> None:
        assert_same(pipeline, everything, "songs", whole, "plays")
        assert_same(pipeline, everything, "artists", whole, "skips")

    second = pipeline.batch(look)

    assert second["_id"] > version["_id"]
    assert_all_charts(pipeline, everything)

    done = pipeline.command("batch", "rollback")
    assert f"version {version['_id']} is current again" in done.stdout
    assert_all_charts(pipeline, everything)


def test_the_same_files_again_add_nothing(pipeline: Pipeline, parts: list[Export]) -> None:
    part = parts[0]
    pipeline.send_file(part.path, part.listener)
    pipeline.drain()
    before = pipeline.get("/api/top-songs", limit=BIG_PAGE)
    pipeline.batch()

    again = pipeline.send_file(part.path, part.listener)
    pipeline.drain()

    after = pipeline.get("/api/top-songs", limit=BIG_PAGE)
    assert before["items"] == after["items"]
    # Names come into each database, also when this process has written them into another.
    assert all(item["title"] and item["artist"] for item in after["items"])
    (balance,) = pipeline.get("/api/imports", limit=1)["items"]
    assert balance["import_id"] == again["imports"][0]["import_id"]


def test_small_pages_are_slices_of_the_whole(pipeline: Pipeline, parts: list[Export]) -> None:
    pipeline.send_file(parts[0].path, parts[0].listener)
    pipeline.drain()
    whole = whole_chart(pipeline, "songs", {"by": "skips"})

    pages = [
        pipeline.get("/api/top-songs", by="skips", limit=7, offset=offset)["items"]
        for offset in range(0, min(len(whole), 100), 7)
    ]

    assert list(itertools.chain(*pages)) == whole[: sum(map(len, pages))]


def test_the_summary_adds_up(pipeline: Pipeline, parts: list[Export]) -> None:
    pipeline.send_file(parts[0].path, parts[0].listener)
    pipeline.drain()
    count = count_of(parts[:1])

    summary = pipeline.get("/api/summary")

    songs = count.chart("songs")
    assert summary["songs"] == len(songs)
    assert summary["artists"] == len(count.chart("artists"))
    for place, name in enumerate(MEASURES):
        assert summary[name] == sum(measures[place] for measures in songs.values())
