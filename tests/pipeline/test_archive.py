"""Upkeep of the archive while events come in, and the proof that nothing is missing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame

import streaming.archive
from batch.archive.check import Check, check
from batch.archive.upkeep import Upkeep, optimize
from batch.lease import exclusive
from batch.versions import BatchBusyError
from listens import codec
from listens import store as collections
from listens.aggregation import archive
from listens.aggregation.messages import decoded
from listens.errors import UserMistakeError
from tests.aggregation.listens import listen
from tests.pipeline.conftest import Pipeline

MORNING = datetime(2024, 1, 5, 8, tzinfo=UTC)


def send(pipeline: Pipeline, *, first: int, n: int) -> None:
    """Listens of ann, the `first`th and those after it, a minute apart."""
    rows = [
        listen("ann", MORNING + timedelta(minutes=first + place), 40_000, place % 5, "web", "DE",
               None, None, "music", True)
        for place in range(n)
    ]  # fmt: skip
    pipeline.send([(b"ann", codec.encode(row)) for row in rows])


def send_commits(pipeline: Pipeline, n: int) -> None:
    """So many archive commits of 10 listens and a broken message."""
    for number in range(n):
        send(pipeline, first=100 * number, n=10)
        pipeline.send([(b"ann", b"no listen")])
        pipeline.drain()


def optimized(pipeline: Pipeline, *, retention_hours: float) -> Upkeep:
    return optimize(
        pipeline.spark,
        pipeline.store,
        settings=pipeline.settings,
        retention_hours=retention_hours,
    )


def checked(pipeline: Pipeline) -> Check:
    return check(pipeline.spark, pipeline.store, settings=pipeline.settings)


def sql(pipeline: Pipeline, statement: str) -> None:
    pipeline.spark.sql(statement.format(table=f"delta.`{pipeline.settings.archive_table}`"))


def test_upkeep_joins_small_files_and_deletes_the_old_ones(pipeline: Pipeline) -> None:
    send_commits(pipeline, 4)
    before = pipeline.get("/api/top-songs")["items"]

    kept = optimized(pipeline, retention_hours=24)
    removed = optimized(pipeline, retention_hours=0)

    assert (kept.table_before.files, kept.table_after.files) == (4, 1)
    assert (kept.disk_before.files, kept.disk_after.files) == (4, 5)
    assert (removed.table_before, removed.table_after) == (kept.table_after, kept.table_after)
    assert removed.disk_after == removed.table_after
    assert checked(pipeline).problems == []
    assert pipeline.batch()["audit"] == "equals version 0 plus 4 commits"
    assert pipeline.get("/api/top-songs")["items"] == before


def test_a_retention_between_never_and_always_is_kept(pipeline: Pipeline) -> None:
    send_commits(pipeline, 3)
    young = optimized(pipeline, retention_hours=24)
    time.sleep(3)

    old = optimized(pipeline, retention_hours=2 / 3600)

    assert (young.table_after.files, young.disk_after.files) == (1, 4)
    assert old.disk_after.files == 1
    assert checked(pipeline).problems == []


def test_upkeep_tells_programs_in_json(pipeline: Pipeline) -> None:
    send_commits(pipeline, 2)

    done = pipeline.command("archive", "optimize", "--retention-hours", "0", "--json")

    told = json.loads(done.stdout)
    assert [told[name]["files"] for name in ("disk_before", "table_after", "disk_after")] == [
        2,
        1,
        1,
    ]


def test_upkeep_is_safe_while_events_come_in(pipeline: Pipeline) -> None:
    send_commits(pipeline, 2)
    ended = threading.Event()
    failures: list[BaseException] = []

    def stream() -> None:
        number = 10
        while not ended.is_set() or number < 13:
            try:
                send(pipeline, first=100 * number, n=10)
                pipeline.drain()
            except BaseException as error:  # noqa: BLE001 - told by the test's own thread
                failures.append(error)
                return
            number += 1

    streaming = threading.Thread(target=stream)
    streaming.start()
    try:
        for _ in range(3):
            optimized(pipeline, retention_hours=1)
    finally:
        ended.set()
        streaming.join()

    assert failures == []
    found = checked(pipeline)
    assert found.problems == []
    assert found.events == pipeline.get("/api/summary")["plays"] >= 20 + 3 * 10
    assert sum(partition.repeats for partition in found.partitions) == 0


def test_what_changes_the_table_while_events_are_written_ends_nothing(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    send_commits(pipeline, 1)
    writing, changed = tmp_path / "writing", tmp_path / "changed"

    def waiting(rows: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        writing.touch()
        while not changed.exists():
            time.sleep(0.05)
        yield from rows

    def decoded_slowly(*args: Any, **kwargs: Any) -> DataFrame:
        frame = decoded(*args, **kwargs)
        return frame.mapInArrow(waiting, frame.schema)

    monkeypatch.setattr(streaming.archive, "decoded", decoded_slowly)
    send(pipeline, first=50, n=10)
    with ThreadPoolExecutor() as pool:
        drained = pool.submit(pipeline.drain)
        while not writing.exists() and not drained.done():
            time.sleep(0.05)
        sql(pipeline, "ALTER TABLE {table} SET TBLPROPERTIES ('note' = 'changed')")
        changed.touch()
        drained.result()

    found = checked(pipeline)
    assert (found.problems, found.events) == ([], 20)
    assert sum(partition.repeats for partition in found.partitions) == 0


def test_coverage_is_found_behind_many_commits_of_upkeep(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_commits(pipeline, 1)
    table = pipeline.settings.archive_table
    covered = archive.coverage(pipeline.spark, table=table)
    assert covered is not None
    monkeypatch.setattr(archive, "COMMITS_LOOKED_AT", 2)

    # Ours carry it on; somebody else's don't.
    for _ in range(2):
        optimized(pipeline, retention_hours=24)
    for value in ("a", "b", "c"):
        sql(pipeline, f"ALTER TABLE {{table}} SET TBLPROPERTIES ('note' = '{value}')")

    assert archive.coverage(pipeline.spark, table=table) == covered
    send(pipeline, first=50, n=10)
    pipeline.drain()
    assert checked(pipeline).problems == []
    assert pipeline.spark.read.format("delta").load(table).count() == 21


def test_what_upkeep_carries_on_never_takes_coverage_back(pipeline: Pipeline) -> None:
    send_commits(pipeline, 1)
    table = pipeline.settings.archive_table
    slow = archive.upkeep_session(pipeline.spark, table=table)
    send(pipeline, first=50, n=10)
    pipeline.drain()
    appended = archive.coverage(pipeline.spark, table=table)

    slow.sql(f"OPTIMIZE delta.`{table}`")

    assert archive.coverage(pipeline.spark, table=table) == appended


def test_a_gap_is_named(pipeline: Pipeline) -> None:
    send_commits(pipeline, 2)
    (held,) = [each for each in checked(pipeline).partitions if each.offsets]
    assert (held.beginning, held.until, held.offsets, held.repeats) == (0, 22, 22, 0)
    sql(pipeline, "DELETE FROM {table} WHERE `offset` IN (0, 7, 8, 21)")

    done = pipeline.command("archive", "check", "--json", check=False)

    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    (partition,) = [each for each in found["partitions"] if each["gaps"]]
    assert partition["gaps"] == [[0, 1], [7, 9], [21, 22]]
    assert f"partition {held.number}: offsets 7 to 8 are missing" in found["problems"]
    assert "the speed layer has counted 20 listens, and the archive holds 17" in done.stdout


def test_repeats_are_counted_and_are_no_problem(pipeline: Pipeline) -> None:
    send_commits(pipeline, 1)
    table = pipeline.settings.archive_table
    rows = pipeline.spark.read.format("delta").load(table).where("`offset` < 3")
    rows.write.format("delta").mode("append").save(table)

    found = checked(pipeline)

    assert found.problems == []
    assert sum(each.repeats for each in found.partitions) == 3
    assert (found.commit, found.events, found.counted) == (1, 10, 10)


def test_a_short_retention_is_refused_while_streaming(pipeline: Pipeline) -> None:
    send_commits(pipeline, 1)
    beat = {"_id": "streaming", "at": datetime.now(UTC)}
    pipeline.store[collections.HEARTBEATS].insert_one(beat)

    done = pipeline.command("archive", "optimize", "--retention-hours", "0.5", check=False)

    assert done.returncode == 2
    assert "stop streaming first" in done.stderr


def test_upkeep_and_batches_exclude_each_other(pipeline: Pipeline) -> None:
    send_commits(pipeline, 1)

    with (
        exclusive(pipeline.store, what="archive optimize"),
        pytest.raises(BatchBusyError, match="archive optimize 1 runs already"),
    ):
        pipeline.batch()

    assert pipeline.batch()["_id"] == 1


def test_without_an_archive_both_say_so(pipeline: Pipeline) -> None:
    with pytest.raises(UserMistakeError, match="no archive at"):
        optimized(pipeline, retention_hours=24)
    with pytest.raises(UserMistakeError, match="no archive at"):
        checked(pipeline)


@pytest.mark.parametrize("name", ["ann", 'zoë "z" \\ 1'])
def test_the_tables_log_names_nobody(pipeline: Pipeline, tmp_path: Path, name: str) -> None:
    row = listen(name, MORNING, 40_000, 1, "web", "DE", None, None, "music", True)
    pipeline.send([(name.encode(), codec.encode(row))])
    pipeline.drain()
    table, other = pipeline.settings.archive_table, (tmp_path / "other").as_uri()
    # As any table does that doesn't say of which columns it keeps statistics.
    pipeline.spark.read.format("delta").load(table).write.format("delta").save(other)

    named = [
        archive.names_in_log(pipeline.spark, table=each, listener=name) for each in (table, other)
    ]

    assert named == [0, 1]
