"""A simulation of many listeners, past Kafka and by it, is counted once and exactly."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from batch.archive.check import check
from batch.erasure.erase import erase
from batch.erasure.verify import verify
from batch.rebuild.rebuild import rebuild
from tests.pipeline.conftest import Pipeline
from tests.pipeline.test_rebuild import lose_mongodb

SIMULATE = ("simulate", "--rows", "1500", "--listeners", "6", "--songs", "200", "--seed", "9")
OTHERS = ("simulate", "--rows", "300", "--listeners", "3", "--songs", "200", "--seed", "10")

Row = dict[str, Any]


@pytest.fixture
def rows(pipeline: Pipeline, tmp_path: Path) -> list[Row]:
    """The same simulation as text, for a count of our own."""
    return rows_of(pipeline, SIMULATE, tmp_path / "simulated.jsonl")


def rows_of(pipeline: Pipeline, simulate: tuple[str, ...], path: Path) -> list[Row]:
    pipeline.command(*simulate, "--out", str(path))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def assert_counted(pipeline: Pipeline, rows: list[Row]) -> None:
    """All plays of all songs, for everyone and for each listener."""
    for listener in (None, *sorted({row["listener"] for row in rows})):
        theirs = [row for row in rows if listener in (None, row["listener"])]
        expected = Counter(
            (row["artist_name"], row["track_name"]) for row in theirs if row["ms_played"] >= 30_000
        )
        narrowed = {"listener": listener} if listener else {}
        answer = pipeline.get("/api/top-songs", limit=1000, by="plays", **narrowed)
        plays = {(item["artist"], item["title"]): item["plays"] for item in answer["items"]}
        assert {song: count for song, count in plays.items() if count} == expected


def test_it_is_loaded_past_kafka_found_again_and_counted_once(
    pipeline: Pipeline, rows: list[Row], tmp_path: Path
) -> None:
    pipeline.drain()
    loaded = pipeline.command(*SIMULATE, "--to-archive", check=False)
    assert loaded.returncode == 0, loaded.stderr
    assert "read 1,500 = new 1,500 + duplicate 0 + rejected 0" in loaded.stdout
    pipeline.batch()
    assert_counted(pipeline, rows)

    # By Kafka, and as a file that says who listened, it's the same events again.
    pipeline.command(*SIMULATE, "--to-kafka")
    imported = pipeline.command("import", str(tmp_path / "simulated.jsonl"), "--json")
    assert json.loads(imported.stdout)["read"] == 1500
    pipeline.drain()
    assert_counted(pipeline, rows)
    account = pipeline.command("imports", "--json").stdout
    assert [entry["new"] for entry in json.loads(account)["imports"]] == [0, 1500]

    lose_mongodb(pipeline)
    rebuild(pipeline.spark, pipeline.store, settings=pipeline.settings, force=False)
    assert_counted(pipeline, rows)


def test_one_of_its_listeners_is_erased(
    pipeline: Pipeline, rows: list[Row], tmp_path: Path
) -> None:
    pipeline.command(*OTHERS, "--to-kafka")
    pipeline.drain()
    pipeline.command(*SIMULATE, "--to-archive")
    pipeline.batch()
    gone = rows[0]["listener"]

    erase(lambda: pipeline.spark, pipeline.store, settings=pipeline.settings, listener=gone)

    for _ in range(2):  # the version before the erasure goes with the second one
        pipeline.batch()
    left = [row for row in rows if row["listener"] != gone]
    assert_counted(pipeline, left + rows_of(pipeline, OTHERS, tmp_path / "others.jsonl"))
    assert pipeline.get("/api/top-songs", listener=gone)["items"] == []
    proof = verify(pipeline.spark, pipeline.store, settings=pipeline.settings, listener=gone)
    assert {trace.where for trace in proof.traces} <= {"archive's files"}
    assert check(pipeline.spark, pipeline.store, settings=pipeline.settings).problems == []
