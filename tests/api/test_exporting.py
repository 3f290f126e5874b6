"""Exports of charts are what the API answers; a followed file has each period once, whole."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from api.analyses.rankings import RANKINGS
from api.exporting.appended import Appended
from api.exporting.charts import EVERYTHING, TOTALS, export, query_of
from api.exporting.following import Following, follow
from api.exporting.periods import closed_before, name_of, number_named, number_of, view_of
from api.merging.charts import Charts
from api.merging.merge import Order
from listens.errors import UserMistakeError
from listens.rules import SHOWN
from listens.settings import CHECKOUT, Settings
from listens.store import Store
from listens.tables import Target, target_of
from listens.windows import day_number
from stack.processes import settings_environment
from tests.api.documents import Heard, write_commit, write_version

MORNING = datetime(2024, 1, 13, 9, tzinfo=UTC)
PRESENT_DAY = day_number(MORNING.date()) + 1
BERLIN = ZoneInfo("Europe/Berlin")


def some_listens(n: int, *, seed: int = 5) -> list[Heard]:
    """Over four days, of songs that are heard unequally often."""
    rng = random.Random(seed)
    return [
        Heard(
            MORNING + timedelta(minutes=rng.randrange(5760)),
            f"Sång, «{rng.randrange(1, 12) ** 2}»",
            f'A"{rng.randrange(3)}',
            ms_played=rng.choice([0, 29_999, 30_000, 200_000]),
            listener=rng.choice(["anna", "ben"]),
            kind=rng.choice(["music", "podcast"]),
            skipped=rng.random() < 0.2,
        )
        for _ in range(n)
    ]


@pytest.fixture
def filled(store: Store) -> list[Heard]:
    """Two batches of listens: one in a version, one since."""
    old, new = some_listens(300), some_listens(200, seed=6)
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    write_commit(store, 2, new)
    return old + new


def exported(store: Store, form: str, path: Path, **options: str | int) -> int:
    query, target = query_of("songs", options), Target(form, path)
    return export(store, Charts(0), "songs", query, target, present_day=PRESENT_DAY).rows


@pytest.mark.parametrize("options", [{}, {"by": "ms_played", "limit": 7, "listener": "ben"},
                                     {"from": "2024-01-14", "to": "2024-01-16"}])  # fmt: skip
def test_a_chart_is_what_the_api_answers_in_every_form(
    client, store: Store, filled: list[Heard], tmp_path: Path, options: dict
) -> None:
    expected = client.get("/api/top-songs", query_string={"limit": 1000} | options).json["items"]
    paths = {form: tmp_path / f"songs.{form}" for form in ("csv", "jsonl", "parquet")}

    rows = [exported(store, form, path, **options) for form, path in paths.items()]

    assert rows == [len(expected)] * 3
    assert [json.loads(line) for line in paths["jsonl"].open(encoding="utf-8")] == expected
    for read in (f"read_csv('{paths['csv']}')", f"read_parquet('{paths['parquet']}')"):
        found = duckdb.sql(f"SELECT * FROM {read}")
        assert [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()] == expected
    assert sorted(tmp_path.iterdir()) == sorted(paths.values())


@pytest.mark.parametrize(
    ("relative", "window"),
    [("yesterday", "2024-01-13"), ("this-year", "2024"), ("newest-month", "2024-01")],
)
def test_a_relative_window_is_the_window_of_those_days(
    store: Store, filled: list[Heard], tmp_path: Path, relative: str, window: str
) -> None:
    exported(store, "csv", tmp_path / "relative.csv", window=relative)
    exported(store, "csv", tmp_path / "named.csv", window=window)

    told = (tmp_path / "relative.csv").read_text()
    assert told == (tmp_path / "named.csv").read_text()
    assert len(told.splitlines()) > 2


def test_more_rows_than_are_written_at_once_are_ranked_through(
    store: Store, filled: list[Heard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported(store, "csv", tmp_path / "whole.csv")
    monkeypatch.setattr("api.exporting.charts.ROWS_AT_ONCE", 4)
    exported(store, "csv", tmp_path / "parts.csv")

    assert (tmp_path / "whole.csv").read_text() == (tmp_path / "parts.csv").read_text()


def test_an_export_that_fails_leaves_what_was_there(
    store: Store, filled: list[Heard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "songs.csv"
    path.write_text("of yesterday")
    monkeypatch.setattr("api.analyses.rankings.names_of", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        exported(store, "csv", path)

    assert [each.read_text() for each in tmp_path.iterdir()] == ["of yesterday"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"window": "2026-13"}, "window"),
        ({"by": "age"}, "by"),
        ({"listener": "anna", "country": "DE"}, "can't be combined"),
        ({"limit": 0}, "limit"),
    ],
)
def test_a_selection_that_cannot_be_is_the_users_mistake(options: dict, why: str) -> None:
    with pytest.raises(UserMistakeError, match=why):
        query_of("songs", options)


def test_one_file_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UserMistakeError, match="one of"):
        target_of(csv=tmp_path / "a", jsonl=tmp_path / "b", parquet=None)
    with pytest.raises(UserMistakeError, match="folder"):
        target_of(csv=tmp_path / "nowhere" / "a.csv", jsonl=None, parquet=None)


@pytest.mark.parametrize("unit", ["hour", "minute"])
def test_a_period_is_named_and_read_again(unit: str) -> None:
    number = number_of(datetime(2024, 1, 13, 23, 59, tzinfo=UTC), BERLIN, unit)

    assert name_of(number, unit) == {"hour": "2024-01-14T00", "minute": "2024-01-14T00:59"}[unit]
    assert number_named(name_of(number, unit), unit) == number


def test_an_hour_that_comes_twice_is_closed_after_the_second_time() -> None:
    # Clocks went back at 01:00 UTC, from 03:00 to 02:00.
    closed = [
        name_of(closed_before(datetime(2025, 10, 25, 23, 30, tzinfo=UTC) + timedelta(hours=n),
                              BERLIN, "hour"), "hour")
        for n in range(4)
    ]  # fmt: skip

    assert closed == ["2025-10-26T01", "2025-10-26T02", "2025-10-26T02", "2025-10-26T03"]


PERIODS = [
    ("2024-01-13T09", [('Åse, "x"', 3, 5), ("b", 2, 9)]),
    ("2024-01-13T10", []),
    ("2024-01-13T11", [("b\nc", 1, 1)]),
    ("2024-01-13T12", [(f"n{n}", 40 - n, n) for n in range(40)]),
]
COLUMNS = ("hour", "rank", "of", "name", "plays", "streams")


def write_from(path: Path, periods: Sequence[tuple]) -> None:
    """As a follower does: what comes after the last whole period."""
    file = Appended(path, COLUMNS)
    rest = [period for period in periods if file.last is None or period[0] > file.last]
    for period in rest:
        file.append([period], width=3)
    file.close()


def test_a_file_cut_off_anywhere_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    path = tmp_path / "whole.csv"
    write_from(path, PERIODS)
    whole = path.read_bytes()

    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        write_from(path, PERIODS)
        assert path.read_bytes() == whole, size

    assert whole.splitlines()[:5] == [
        b"hour,rank,of,name,plays,streams",
        '2024-01-13T09,1,2,"Åse, ""x""",3,5'.encode(),
        b"2024-01-13T09,2,2,b,2,9",
        b"2024-01-13T10,0,0,,,",
        b"2024-01-13T11,1,1,b c,1,1",
    ]


def test_a_long_period_is_taken_out_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.exporting.appended._FIRST_TAIL", 16)
    path = tmp_path / "whole.csv"
    write_from(path, PERIODS)
    whole = path.read_bytes()

    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        write_from(path, PERIODS)
        assert path.read_bytes() == whole, size


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("dear diary\n")

    with pytest.raises(UserMistakeError, match="name another file"):
        Appended(path, COLUMNS)

    assert path.read_text() == "dear diary\n"


def test_two_do_not_write_to_one_file(tmp_path: Path) -> None:
    file = Appended(tmp_path / "a.csv", COLUMNS)

    with pytest.raises(UserMistakeError, match="another export"):
        Appended(tmp_path / "a.csv", COLUMNS)

    file.close()
    Appended(tmp_path / "a.csv", COLUMNS).close()


def following(*, lateness_seconds: float) -> Following:
    utc = ZoneInfo("UTC")
    order = Order("plays")
    return Following(TOTALS, "totals", "hour", utc, lateness_seconds, order, EVERYTHING)


def counted(listens: list[Heard], hours: list[str]) -> list[list[str]]:
    """The rows that a file of totals by hour has, but for rates: one listen after the other."""
    rows = []
    for hour in hours:
        sums: dict[str, list[int]] = {}
        for one in listens:
            if f"{one.ended_at:%Y-%m-%dT%H}" == hour and any(one.sums().values()):
                kind = sums.setdefault(one.kind, [0] * len(SHOWN))
                for place, name in enumerate(SHOWN):
                    kind[place] += one.sums()[name]
        ranked = sorted(sums.items(), key=lambda each: (-each[1][1], each[0]))
        rows += [
            [hour, str(rank), str(len(ranked)), kind, *map(str, numbers)]
            for rank, (kind, numbers) in enumerate(ranked, start=1)
        ] or [[hour, "0", "0", "", *[""] * len(SHOWN)]]
    return rows


def hours_from(first: datetime, n: int) -> list[str]:
    return [f"{first + timedelta(hours=hour):%Y-%m-%dT%H}" for hour in range(n)]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Its one item is what the follower takes for now."""
    now = [MORNING]
    monkeypatch.setattr(
        "api.exporting.following.datetime", type("Clock", (), {"now": lambda _: now[0]})
    )
    return now


def follow_until(
    store: Store, what: Following, path: Path, rows: list[list[str]], *, first: int
) -> None:
    """From a new start, until these rows are there."""
    stop = threading.Event()
    file = Appended(path, what.columns)
    running = threading.Thread(
        target=follow, args=(store, what, file), kwargs={"first": first, "stop": stop}
    )
    running.start()
    deadline = time.monotonic() + 30
    while rows_of(path) != rows and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    running.join()
    file.close()
    assert rows_of(path) == rows


def test_each_closed_hour_is_appended_once(
    store: Store, filled: list[Heard], tmp_path: Path, clock: list[datetime]
) -> None:
    what, path = following(lateness_seconds=3600), tmp_path / "hours.csv"
    first = number_of(MORNING, what.zone, "hour")

    clock[0] = MORNING + timedelta(hours=5, minutes=30)
    # The fifth hour may still get some.
    follow_until(store, what, path, counted(filled, hours_from(MORNING, 4)), first=first)
    clock[0] += timedelta(hours=60)
    for _ in range(2):
        follow_until(store, what, path, counted(filled, hours_from(MORNING, 64)), first=first)


def test_genres_are_followed_by_the_minute(
    store: Store, tmp_path: Path, clock: list[datetime]
) -> None:
    before, after = MORNING + timedelta(seconds=7), MORNING + timedelta(seconds=119)
    old = [Heard(before, "a", genre="jazz"), Heard(before, "b", genre="jazz", ms_played=1)]
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    write_commit(store, 2, [Heard(before, "c", genre="pop"), Heard(after, "d", genre="pop"),
                            Heard(before, "e"), Heard(before, "f", kind="podcast", genre="pop"),
                            Heard(after + timedelta(minutes=2), "g", genre="pop")])  # fmt: skip
    utc, order = ZoneInfo("UTC"), Order("streams")
    view = view_of("genres", "minute")
    what = Following(RANKINGS["genres"], view, "minute", utc, 60, order, EVERYTHING)
    clock[0] = MORNING + timedelta(minutes=4)

    follow_until(
        store, what, tmp_path / "results.csv",
        [
            ["2024-01-13T09:00", "1", "2", "jazz", "2", "1", "0", "0", "200001"],
            ["2024-01-13T09:00", "2", "2", "pop", "1", "1", "0", "0", "200000"],
            ["2024-01-13T09:01", "1", "1", "pop", "1", "1", "0", "0", "200000"],
            ["2024-01-13T09:02", "0", "0", "", "", "", "", "", ""],
        ],
        first=number_of(MORNING, utc, "minute"),
    )  # fmt: skip


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[1:3] + header[4:9] == ["rank", "of", *SHOWN]
    return [row[:9] for row in rows]


ONE_HOUR_A_WRITE = """
import runpy
import sys
import api.exporting.following
api.exporting.following.PERIODS_AT_ONCE = 1  # so that there are many moments to be killed at
sys.argv[0] = "playcount"
runpy.run_path("playcount", run_name="__main__")
"""


def test_a_follower_killed_at_any_moment_loses_and_repeats_nothing(
    fresh_database: Settings, store: Store, filled: list[Heard], tmp_path: Path
) -> None:
    path, rng = tmp_path / "hours.csv", random.Random(3)
    command = ["export", "totals", "--follow", "--window", "hour", "--from", "2024-01-13"]
    command += ["--csv", str(path)]
    midnight = MORNING.replace(hour=0)
    wanted = counted(filled, hours_from(midnight, 96))
    deadline, kills = time.monotonic() + 120, 0
    while len(rows_of(path) if path.exists() else []) < len(wanted):
        assert time.monotonic() < deadline
        process = subprocess.Popen(
            [sys.executable, "-c", ONE_HOUR_A_WRITE, *command],
            cwd=CHECKOUT,
            env=os.environ | settings_environment(fresh_database),
            stderr=subprocess.DEVNULL,
        )
        before = path.stat().st_size if path.exists() else 0
        while not path.exists() or path.stat().st_size == before:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.1))
        process.kill()
        process.wait()
        kills += 1
        with path.open("ab") as file:  # what a crash of the machine may leave as well
            file.write(b"2024-01-13T")

    Appended(path, following(lateness_seconds=0).columns).close()
    assert rows_of(path)[: len(wanted)] == wanted
    assert kills >= 2
