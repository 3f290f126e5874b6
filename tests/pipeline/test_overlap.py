"""One history in two formats, in any order and by either way: each playback counts once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from listens.settings import CHECKOUT
from tests.pipeline.conftest import Pipeline

SIZE = 500
PATIENCE_SECONDS = 240

Play = tuple[datetime, str, str, int]
"""End, title, artist, milliseconds."""

Chart = dict[tuple[str, str], tuple[int, int, int]]
"""Title and artist → streams, plays and milliseconds."""


def plays() -> list[Play]:
    """Some days of a listener; playbacks of one song crowd in a minute, as skipped ones do."""
    rng, at = random.Random(11), datetime(2024, 2, 27, tzinfo=UTC)
    made = []
    for _ in range(SIZE):
        at += timedelta(seconds=rng.choice([0, 0, 1, 4, 11, 200, 4_000]))
        song = rng.randrange(3)
        made.append((at, f"Song {song}", f"Artist {song % 2}", rng.choice([0, 900, 40_000])))
    return made


def write_extended(folder: Path, rows: list[Play]) -> Path:
    path = folder / "Streaming_History_Audio_2024.json"
    path.write_text(
        json.dumps(
            [
                {
                    "ts": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                    "ms_played": ms,
                    "master_metadata_track_name": title,
                    "master_metadata_album_artist_name": artist,
                    "platform": "android",
                }
                for at, title, artist, ms in rows
            ]
        )
    )
    return path


def write_account(folder: Path, rows: list[Play]) -> Path:
    path = folder / "StreamingHistory_music_0.json"
    path.write_text(
        json.dumps(
            [
                {
                    "endTime": f"{at:%Y-%m-%d %H:%M}",
                    "artistName": artist,
                    "trackName": title,
                    "msPlayed": ms,
                }
                for at, title, artist, ms in rows
            ]
        )
    )
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "my_spotify_data"
    inside.mkdir()
    return inside


@pytest.fixture
def paths(folder: Path) -> dict[str, Path]:
    """Each format lacks some playbacks of the other one."""
    rows = plays()
    return {
        "extended": write_extended(folder, rows[: SIZE * 9 // 10]),
        "account": write_account(folder, rows[SIZE // 10 :]),
    }


def in_minutes(path: Path) -> Counter[tuple[str, str, str, int]]:
    """Minute, title, artist and milliseconds of each row, told by Python alone."""
    rows = json.loads(path.read_text())
    if "endTime" in rows[0]:
        return Counter(
            (row["endTime"], row["trackName"], row["artistName"], row["msPlayed"]) for row in rows
        )
    return Counter(
        (
            row["ts"][:16].replace("T", " "),
            row["master_metadata_track_name"],
            row["master_metadata_album_artist_name"],
            row["ms_played"],
        )
        for row in rows
    )


def chart_of(counted: Counter[tuple[str, str, str, int]]) -> Chart:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for (_, title, artist, ms), times in counted.items():
        sums[title, artist][0] += times * (ms > 0)
        sums[title, artist][1] += times * (ms >= 30_000)
        sums[title, artist][2] += times * ms
    return {song: tuple(measures) for song, measures in sums.items()}


def found(pipeline: Pipeline) -> Chart:
    items = pipeline.get("/api/top-songs", limit=1000)["items"]
    return {
        (item["title"], item["artist"]): (item["streams"], item["plays"], item["ms_played"])
        for item in items
    }


def command(path: Path, *options: str) -> list[str]:
    return ["import", str(path), "--listener", "ann", "--json", *options]


def imported(pipeline: Pipeline, path: Path, *options: str) -> dict[str, Any]:
    """A finished import's balance."""
    done = pipeline.command(*command(path, *options), check=False)
    assert done.returncode == 0, done.stderr
    pipeline.drain()
    ids = {each["import_id"] for each in json.loads(done.stdout)["imports"]}
    told = json.loads(pipeline.command("imports", "--json").stdout)["imports"]
    (entry,) = [each for each in told if each["import_id"] in ids]
    return entry


def balance(entry: dict[str, Any]) -> tuple[int, int, int]:
    new, duplicate, overlap = (entry[name] for name in ("new", "duplicate", "overlap"))
    assert entry["read"] == new + duplicate + overlap + entry["rejected"]
    assert entry["balanced"]
    return new, duplicate, overlap


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(("extended", "account"), marks=pytest.mark.soak),
        ("account", "extended"),
    ],
)
def test_a_history_in_two_formats_counts_once(
    pipeline: Pipeline, paths: dict[str, Path], order: tuple[str, str]
) -> None:
    first, second = (paths[name] for name in order)
    rows, others = in_minutes(first), in_minutes(second)
    union = rows | others
    overlapping = (rows & others).total()
    assert 0 < overlapping < others.total()
    assert max(union.values()) > 2

    assert balance(imported(pipeline, first)) == (rows.total(), 0, 0)
    assert found(pipeline) == chart_of(rows)

    added = balance(imported(pipeline, second))

    assert added == (others.total() - overlapping, 0, overlapping)
    assert found(pipeline) == chart_of(union)
    assert balance(imported(pipeline, second)) == (0, added[0], overlapping)
    assert balance(imported(pipeline, first)) == (0, rows.total(), 0)
    version = pipeline.batch()
    assert version["events"] == union.total()
    assert found(pipeline) == chart_of(union)
    assert pipeline.verify() == []
    (shown, *_) = pipeline.get("/api/imports", limit=4)["items"][2:]
    assert shown["overlap"] == overlapping


def test_the_overlap_is_kept_on_demand(pipeline: Pipeline, paths: dict[str, Path]) -> None:
    both = in_minutes(paths["extended"]) + in_minutes(paths["account"])
    imported(pipeline, paths["extended"])

    added = balance(imported(pipeline, paths["account"], "--keep-overlap"))

    assert added == (in_minutes(paths["account"]).total(), 0, 0)
    assert found(pipeline) == chart_of(both)
    assert pipeline.batch()["events"] == both.total()
    assert found(pipeline) == chart_of(both)


def test_a_folder_with_both_waits_for_the_counting(
    pipeline: Pipeline, paths: dict[str, Path], folder: Path
) -> None:
    rows, others = (in_minutes(paths[name]) for name in ("extended", "account"))

    with started(pipeline, command(folder, "--wait")) as importing:
        while importing.poll() is None:
            pipeline.drain()
            time.sleep(0.5)
        output = importing.communicate(timeout=PATIENCE_SECONDS)[0]

    told = json.loads(output)
    assert importing.returncode == 0
    assert [entry["format"] for entry in told["imports"]] == ["extended", "account"]
    assert told["overlap"] == (rows & others).total()
    assert told["read"] == told["new"] + told["overlap"] == rows.total() + others.total()
    assert found(pipeline) == chart_of(rows | others)


@contextmanager
def started(pipeline: Pipeline, arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    importing = subprocess.Popen(
        [sys.executable, str(CHECKOUT / "playcount"), *arguments],
        env=pipeline.environment(),
        text=True,
        stdout=subprocess.PIPE,
    )
    try:
        yield importing
    finally:
        importing.kill()
        importing.wait()


@pytest.mark.soak
def test_bulk_loads_leave_the_overlap_out_too(
    pipeline: Pipeline, paths: dict[str, Path], folder: Path
) -> None:
    rows, others = (in_minutes(paths[name]) for name in ("extended", "account"))
    pipeline.drain()

    done = pipeline.command(*command(folder, "--bulk"), check=False)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["balanced"]
    assert (told["new"], told["duplicate"], told["overlap"]) == (
        (rows | others).total(), 0, (rows & others).total(),
    )  # fmt: skip
    assert pipeline.batch()["events"] == (rows | others).total()
    assert found(pipeline) == chart_of(rows | others)
    assert pipeline.verify() == []


def test_a_bulk_load_overlaps_with_what_kafka_brought(
    pipeline: Pipeline, paths: dict[str, Path]
) -> None:
    rows, others = (in_minutes(paths[name]) for name in ("account", "extended"))
    imported(pipeline, paths["account"])

    done = pipeline.command(*command(paths["extended"], "--bulk"), check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["overlap"] == (rows & others).total()
    pipeline.batch()
    assert found(pipeline) == chart_of(rows | others)
