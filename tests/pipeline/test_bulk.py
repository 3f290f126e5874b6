"""Bulk loads beside Kafka: every event once, whoever brings it first, wherever one is killed."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from batch import recount, versions
from batch.bulk import load as bulk
from ingestion import bulk_command
from ingestion.import_command import Order
from listens import bulk_loads
from listens import store as collections
from listens.errors import PlaycountError
from listens.settings import CHECKOUT, Settings
from listens.windows import Span, day_number
from tests.pipeline.conftest import Pipeline
from tests.pipeline.exports import Export
from tests.pipeline.finding import assert_found
from tests.pipeline.independent import Count
from tests.pipeline.test_charts_equal_the_files import assert_same, windows_of

LISTENER = "ann"
ROWS = 1_200
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """One history, as the simulator makes it."""
    path = tmp_path_factory.mktemp("bulk") / "history.csv"
    simulate = [sys.executable, str(CHECKOUT / "playcount"), "simulate", "--rows", str(ROWS)]
    simulate += ["--format", "spotify-csv"]
    subprocess.run([*simulate, "--seed", "7", "--out", str(path)], check=True, capture_output=True)
    return Export(path, "csv", LISTENER)


def part_of(history: Export, folder: Path, first: float, end: float) -> Path:
    """A file with some of the history's rows."""
    head, *rows = history.path.read_text(encoding="utf-8").splitlines(keepends=True)
    path = folder / f"{first}-{end}.csv"
    some = rows[int(first * len(rows)) : int(end * len(rows))]
    path.write_text(head + "".join(some), encoding="utf-8")
    return path


def bulk_command_line(pipeline: Pipeline, *paths: Path) -> dict[str, Any]:
    """`playcount import --bulk` as its user calls it; its balance."""
    done = pipeline.command(
        "import", *map(str, paths), "-l", LISTENER, "--bulk", "--json", check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def bulk_import(pipeline: Pipeline, *paths: Path) -> dict[str, Any]:
    """The same in this process, without a JVM of its own."""
    return _run(pipeline, *paths, loading=lambda number, _settings: load(pipeline, number))


def staged(pipeline: Pipeline, *paths: Path) -> int:
    """The files as parts of a load that nothing has loaded yet; its number."""
    _run(pipeline, *paths, loading=lambda _number, _settings: None)
    return int(bulk_loads.in_state(pipeline.store, bulk_loads.STAGED)[-1]["_id"])


def _run(
    pipeline: Pipeline, *paths: Path, loading: Callable[[int, Settings], object]
) -> dict[str, Any]:
    order = Order(paths, LISTENER, "auto", None, None, json=True)
    with patch.object(bulk_command, "_load", loading), redirect_stdout(io.StringIO()) as told:
        bulk_command.run(order, pipeline.settings)
    return json.loads(told.getvalue())


def load(pipeline: Pipeline, number: int, tell: bulk.Tell = lambda _step: None) -> dict[str, Any]:
    return bulk.load(
        pipeline.spark, pipeline.store, settings=pipeline.settings, number=number, tell=tell
    )


def assert_exact(pipeline: Pipeline, *paths: Path) -> None:
    """The API's answers are DuckDB's count of the files, in every slice and kind of window."""
    count = Count((LISTENER, "csv", path) for path in paths)
    (middle,) = count.db.execute("SELECT median(local)::DATE FROM music").fetchone()
    slices = [{}] + [
        {column: value}
        for column in ("listener", "platform", "daypart")
        for value in count.values(column)
    ]
    for window in windows_of(middle):
        assert_same(pipeline, count, "songs", window, "plays")
    whole = windows_of(middle)[0]
    for narrowed in slices:
        for view in ("songs", "artists", "albums"):
            assert_same(pipeline, count, view, whole, "ms_played", **narrowed)
    assert_found(pipeline, count)


def balance(answer: dict[str, Any]) -> tuple[int, int, int]:
    assert answer["balanced"]
    assert answer["read"] == answer["new"] + answer["duplicate"] + answer["rejected"]
    return answer["read"], answer["new"], answer["duplicate"]


def test_a_bulk_load_counts_from_the_next_version_on(pipeline: Pipeline, history: Export) -> None:
    pipeline.drain()

    answer = bulk_command_line(pipeline, history.path)

    assert balance(answer) == (ROWS, ROWS, 0)
    assert pipeline.get("/api/top-songs")["total"] == 0
    version = pipeline.batch()
    assert version["audit"] == f"equals version 0 plus 0 commits and {ROWS:,} events loaded in bulk"
    assert version["events"] == ROWS
    assert_exact(pipeline, history.path)
    assert all(item["title"] for item in pipeline.get("/api/top-songs")["items"])
    assert pipeline.verify() == []
    again = bulk_import(pipeline, history.path)
    assert balance(again) == (ROWS, 0, ROWS)
    assert pipeline.batch()["windows"] == version["windows"]


def test_what_kafka_brought_before_is_a_repeat(pipeline: Pipeline, history: Export) -> None:
    pipeline.send_file(history.path, LISTENER)
    pipeline.drain()

    answer = bulk_import(pipeline, history.path)

    assert balance(answer) == (ROWS, 0, ROWS)
    assert_exact(pipeline, history.path)
    pipeline.batch()
    assert_exact(pipeline, history.path)


def test_what_kafka_brings_later_is_a_repeat(pipeline: Pipeline, history: Export) -> None:
    pipeline.drain()
    bulk_import(pipeline, history.path)

    # Both before and after the version that counts the load first.
    sent = [pipeline.send_file(history.path, LISTENER)]
    pipeline.drain()
    pipeline.batch()
    assert pipeline.verify() == []
    sent.append(pipeline.send_file(history.path, LISTENER))
    pipeline.drain()
    pipeline.batch()

    assert_exact(pipeline, history.path)
    assert pipeline.verify() == []
    listed = json.loads(pipeline.command("imports", "--json").stdout)["imports"]
    counts = {entry["import_id"]: (entry["new"], entry["duplicate"]) for entry in listed}
    assert [counts[each["imports"][0]["import_id"]] for each in sent] == [(0, ROWS)] * 2


def test_kafka_and_a_load_bring_the_same_at_the_same_time(
    pipeline: Pipeline, history: Export
) -> None:
    number = staged(pipeline, history.path)
    pipeline.send_file(history.path, LISTENER)
    # Many small commits, and many small claims.
    small = {"max_offsets_per_trigger": 100}
    counting = replace(pipeline, settings=pipeline.settings.model_copy(update=small))
    claim_at_once = "spark.sql.execution.arrow.maxRecordsPerBatch"
    usual = pipeline.spark.conf.get(claim_at_once)
    pipeline.spark.conf.set(claim_at_once, "20")

    def once_kafka_has_begun(step: str) -> None:
        if step == "claim":
            eventually(lambda: pipeline.store[collections.SPEED_COMMITS].count_documents({}) > 2)

    try:
        with ThreadPoolExecutor() as pool:
            drained = pool.submit(counting.drain)
            document = load(pipeline, number, once_kafka_has_begun)
            drained.result()
    finally:
        pipeline.spark.conf.set(claim_at_once, usual or "10000")

    commits = [*pipeline.store[collections.SPEED_COMMITS].find()]
    assert len(commits) > 10
    assert sum(commit["events"] for commit in commits) + document["events"] == ROWS
    assert pipeline.verify() == []
    pipeline.batch()
    assert_exact(pipeline, history.path)


@pytest.mark.soak
def test_overlapping_parts_by_both_ways(
    pipeline: Pipeline, history: Export, tmp_path: Path
) -> None:
    first = part_of(history, tmp_path, 0, 0.5)
    middle = part_of(history, tmp_path, 0.25, 0.75)
    another = part_of(history, tmp_path, 0.6, 0.9)
    last = part_of(history, tmp_path, 0.8, 1)
    pipeline.send_file(first, LISTENER)
    pipeline.drain()
    before = pipeline.batch()

    answer = bulk_import(pipeline, middle, another)

    # Of the first file a half is known from Kafka, of the second a half from the first.
    assert balance(answer) == (960 * ROWS // 1_200, 480 * ROWS // 1_200, 480 * ROWS // 1_200)
    assert [(each["new"], each["duplicate"]) for each in answer["imports"]] == [
        (300 * ROWS // 1_200, 300 * ROWS // 1_200),
        (180 * ROWS // 1_200, 180 * ROWS // 1_200),
    ]
    assert_exact(pipeline, first)
    assert pipeline.verify() == []
    pipeline.send_file(last, LISTENER)
    pipeline.drain()
    assert pipeline.verify() == []
    pipeline.batch()
    assert_exact(pipeline, history.path)
    assert pipeline.verify() == []
    # Rolled back, the load is out of the charts; the next version has it again.
    versions.rollback(pipeline.store)
    assert versions.current(pipeline.store)["_id"] == before["_id"]
    assert pipeline.verify() == []
    pipeline.batch()
    assert_exact(pipeline, history.path)


def test_a_backfill_takes_the_months_of_a_load(pipeline: Pipeline, history: Export) -> None:
    pipeline.drain()
    pipeline.batch()
    bulk_import(pipeline, history.path)
    day = day_number(datetime(2001, 1, 1, tzinfo=UTC).date())

    recount.run(
        pipeline.spark, pipeline.store, settings=pipeline.settings, tell=lambda _step: None,
        span=Span(day, day + 1),
    )  # fmt: skip

    assert_exact(pipeline, history.path)


class KilledError(BaseException):
    """As if the process had been killed."""


def killed_at(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, number: int, *, state: str, noted: bool
) -> None:
    """Load until a state is reached, and end before or after it's noted."""
    advance = bulk_loads.advance

    def dying(*arguments: Any, **facts: Any) -> bool:
        if facts["to"] == state:
            if noted:
                advance(*arguments, **facts)
            raise KilledError
        return advance(*arguments, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(bulk_loads, "advance", dying)
        with pytest.raises(KilledError):
            load(pipeline, number)


@pytest.mark.parametrize(
    ("state", "noted", "by"),
    [
        pytest.param(bulk_loads.WRITTEN, False, "the command", marks=pytest.mark.soak),
        pytest.param(bulk_loads.WRITTEN, True, "a batch", marks=pytest.mark.soak),
        pytest.param(bulk_loads.CLAIMED, False, "a batch", marks=pytest.mark.soak),
        (bulk_loads.CLAIMED, True, "the command"),
        pytest.param(bulk_loads.SEALED, False, "a batch", marks=pytest.mark.soak),
    ],
)
def test_killed_between_any_two_steps_it_goes_on(
    pipeline: Pipeline, history: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    state: str, noted: bool, by: str,
) -> None:  # fmt: skip
    half, rest = part_of(history, tmp_path, 0, 0.5), part_of(history, tmp_path, 0.4, 1)
    pipeline.send_file(half, LISTENER)
    pipeline.drain()
    number = staged(pipeline, rest)
    killed_at(pipeline, monkeypatch, number, state=state, noted=noted)

    # Kafka brings all of it while the load lies there.
    pipeline.send_file(history.path, LISTENER)
    pipeline.drain()
    if by == "the command":
        load(pipeline, number)
    pipeline.batch()
    load(pipeline, number)  # also where the batch came before
    pipeline.batch()

    assert_exact(pipeline, history.path)
    assert pipeline.verify() == []
    (document,) = bulk_loads.in_state(pipeline.store, bulk_loads.SEALED)
    (counts,) = document["counts"].values()
    held = bulk.rows_of(pipeline.spark, table=pipeline.settings.archive_table, number=number)
    assert held.count() == counts["new"] == document["events"]


def test_raw_events_cant_be_verified_while_a_load_is_under_way(
    pipeline: Pipeline, history: Export
) -> None:
    pipeline.drain()
    pipeline.batch()
    number = staged(pipeline, history.path)

    def look(step: str) -> None:
        if step == "claim":
            with pytest.raises(PlaycountError, match=f"bulk load {number} is under way"):
                pipeline.verify()

    load(pipeline, number, look)

    assert pipeline.verify() == []


@contextmanager
def importing(pipeline: Pipeline, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(CHECKOUT / "playcount"), "import", str(path), "-l", LISTENER]
    process = subprocess.Popen(
        [*command, "--bulk", "--json"], env=pipeline.environment(), start_new_session=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "state", [pytest.param(bulk_loads.STAGING, marks=pytest.mark.soak), bulk_loads.WRITTEN]
)
def test_the_command_killed_goes_on_by_the_same_command(
    pipeline: Pipeline, history: Export, state: str
) -> None:
    pipeline.drain()
    with importing(pipeline, history.path) as process:
        eventually(lambda: bulk_loads.in_state(pipeline.store, state, bulk_loads.SEALED))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    # A minute of silence tells the next one that this one is dead.
    for name, field in (("batch_versions", "alive_at"), ("bulk_loads", "touched_at"),
                        ("imports", "touched_at")):  # fmt: skip
        pipeline.store[name].update_many({}, {"$set": {field: long_ago}})

    answer = bulk_command_line(pipeline, history.path)

    assert answer["read"] == ROWS
    assert len(bulk_loads.in_state(pipeline.store, bulk_loads.SEALED)) <= 2
    assert not bulk_loads.in_state(pipeline.store, *bulk_loads.UNFINISHED)
    pipeline.batch()
    assert_exact(pipeline, history.path)
    listed = json.loads(pipeline.command("imports", "--json").stdout)
    assert listed["balanced"]
    assert listed["new"] == ROWS
    assert not [*(pipeline.settings.home / "data" / "staging").glob("*/*")]


def test_of_rows_that_are_all_rejected_nothing_is_loaded(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("ts,ms_played,track_name,artist_name\nnever,1,A,B\n", encoding="utf-8")

    answer = bulk_import(pipeline, path)

    assert (answer["read"], answer["rejected"], answer["balanced"]) == (1, 1, True)
    assert not bulk_loads.in_state(pipeline.store, *bulk_loads.UNFINISHED)
    assert pipeline.store[collections.SEEN].count_documents({}) == 0
