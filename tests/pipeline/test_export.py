"""What is exported equals DuckDB's count of the raw files."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.pipeline.conftest import Pipeline
from tests.pipeline.exports import Export, made
from tests.pipeline.independent import MEASURES, fold
from tests.pipeline.test_charts_equal_the_files import count_of


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Export]:
    folder = tmp_path_factory.mktemp("histories")
    return [made(folder, seed, "ann" if seed % 2 else "bob") for seed in (1, 2, 3)]


@pytest.mark.timeout(900)
def test_exports_are_the_files_each_row_once(
    pipeline: Pipeline, parts: list[Export], tmp_path: Path
) -> None:
    for part in (*parts[:2], parts[0]):
        pipeline.send_file(part.path, part.listener)
    pipeline.drain()
    pipeline.batch()
    pipeline.send_file(parts[2].path, parts[2].listener)
    pipeline.drain()
    count = count_of(parts)

    assert_chart(pipeline, count, tmp_path)
    assert_listens(pipeline, count, tmp_path)


def assert_chart(pipeline: Pipeline, count, tmp_path: Path) -> None:
    path = tmp_path / "songs.jsonl"
    done = pipeline.command("export", "songs", "--jsonl", str(path), "--listener", "ann")

    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    found = {
        (fold(row["title"]), fold(row["artist"])): tuple(row[name] for name in MEASURES)
        for row in rows
    }
    assert found == count.chart("songs", listener="ann")
    assert json.loads(done.stderr)["as_of"] == pipeline.get("/api/top-songs")["as_of"]


def assert_listens(pipeline: Pipeline, count, tmp_path: Path) -> None:
    columns = "listener, ended_at, title, artist, ms"
    wanted = count.db.execute(f"SELECT DISTINCT {columns} FROM rows").fetchall()
    shown = "listener_id, ended_at::TIMESTAMP, title, artist, ms_played"
    # Each start of Spark takes its time; CSV is what standard output gets below.
    readers = {"jsonl": "read_json", "parquet": "read_parquet"}
    for form, read in readers.items():
        path = tmp_path / f"listens.{form}"
        done = pipeline.command("export", "listens", f"--{form}", str(path))
        rows = duckdb.sql(f"SET TimeZone = 'UTC'; SELECT {shown}, event_id FROM {read}('{path}')")
        found = rows.fetchall()
        assert {row[:5] for row in found} == set(wanted)
        assert [row[1] for row in found] == sorted(row[1] for row in found)
        assert len({row[5] for row in found}) == len(found) == last_line(done.stderr)["listens"]
        assert len(found) == pipeline.store.seen.count_documents({})

    done = pipeline.command("export", "listens", "--window", "2024-02", "--listener", "bob")
    (expected,) = count.db.execute(
        "SELECT count(*) FROM rows WHERE listener = 'bob' "
        "AND ended_at >= '2024-02-01' AND ended_at < '2024-03-01'"
    ).fetchone()
    assert len(done.stdout.splitlines()) == expected + 1
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


def last_line(text: str) -> dict:
    return json.loads(text.splitlines()[-1])
