"""Files in over HTTP count exactly once, whatever happens to the API meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from listens.settings import CHECKOUT
from tests.api.serving import served, wait_until_answering
from tests.pipeline.conftest import Pipeline
from tests.pipeline.exports import made
from tests.pipeline.independent import MEASURES, Count, fold

PATIENCE_SECONDS = 180
LARGE = 40_000
"""Rows: an import of them takes some seconds."""


@pytest.fixture
def own_pipeline(pipeline: Pipeline, tmp_path: Path) -> Pipeline:
    """A pipeline whose uploads nobody else finds."""
    pipeline.settings = pipeline.settings.model_copy(update={"home": tmp_path / "home"})
    return pipeline


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A history that takes a while."""
    path = tmp_path / "large.csv"
    command = [sys.executable, str(CHECKOUT / "playcount"), "simulate", "--rows", str(LARGE)]
    command += ["--format", "spotify-csv", "--seed", "7", "--out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def send(address: str, *paths: Path, listener: str) -> str:
    """Upload files; where the upload says how it stands."""
    files = [("file", (path.name, path.read_bytes())) for path in paths]
    taken = requests.post(
        f"{address}/api/imports", params={"listener": listener}, files=files, timeout=60
    )
    assert taken.status_code == 202, taken.text
    return taken.json()["url"]


def until(address: str, url: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        upload = requests.get(address + url, timeout=60).json()
        if holds(upload):
            return upload
        time.sleep(0.1)
    raise AssertionError(upload)


def has_sent(files: int) -> Callable[[dict[str, Any]], bool]:
    return lambda upload: sum(each["state"] == "sent" for each in upload["imports"]) == files


def is_reading(upload: dict[str, Any]) -> bool:
    return any(each["state"] == "reading" for each in upload["imports"])


def is_over(upload: dict[str, Any]) -> bool:
    return upload["state"] in ("imported", "failed")


def assert_counted(pipeline: Pipeline, *files: tuple[str, Path]) -> None:
    """The chart of songs is DuckDB's count of the files."""
    items: list[dict[str, Any]] = []
    while page := pipeline.get("/api/top-songs", limit=1000, offset=len(items))["items"]:
        items += page
    found = {
        (fold(item["title"]), fold(item["artist"])): tuple(item[name] for name in MEASURES)
        for item in items
    }
    assert found == Count((listener, "csv", path) for listener, path in files).chart("songs")


def test_an_upload_ends_with_the_balance_of_the_command(own_pipeline, tmp_path):
    first, second = (made(tmp_path, seed, "ann").path for seed in (1, 2))
    with served(own_pipeline.settings) as address:
        url = send(address, first, second, listener="ann")
        until(address, url, has_sent(2))
        own_pipeline.drain()
        upload = until(address, url, is_over)
        again_url = send(address, second, listener="ann")
        until(address, again_url, has_sent(1))
        own_pipeline.drain()
        again = until(address, again_url, is_over)
    by_command = own_pipeline.send_file(first, "ann")

    balances = [
        (each["read"], each["new"] + each["duplicate"], each["rejected"])
        for each in upload["imports"]
    ]
    assert (upload["state"], upload["error"]) == ("imported", None)
    assert balances == [(1500, 1500, 0), (1500, 1500, 0)]
    assert again["imports"][0]["duplicate"] == again["imports"][0]["read"] == 1500
    assert [*own_pipeline.settings.uploads.iterdir()] == []
    assert_counted(own_pipeline, ("ann", first), ("ann", second))
    # The command sees the very rows of the same file.
    assert by_command["read"] == upload["imports"][0]["read"]
    assert by_command["imports"][0]["sha256"] == upload["imports"][0]["sha256"]


@pytest.mark.timeout(500)
def test_a_restart_of_the_api_loses_and_doubles_nothing(own_pipeline, large):
    with served(own_pipeline.settings) as address:
        url = send(address, large, listener="ann")
        until(address, url, is_reading)
    interrupted = own_pipeline.store.imports.find_one({})
    kept = [*own_pipeline.settings.uploads.iterdir()]

    with served(own_pipeline.settings) as address:
        until(address, url, has_sent(1))
        own_pipeline.drain()
        upload = until(address, url, is_over)

    assert interrupted["state"] == "interrupted"
    assert 0 < interrupted["read"] < LARGE
    assert [path.name for path in kept] == [upload["upload_id"]]
    assert upload["state"] == "imported"
    assert [each["state"] for each in upload["imports"]] == ["interrupted", "settled"]
    last = upload["imports"][1]
    assert last["read"] == last["new"] + last["duplicate"] == LARGE
    # What the first run had sent is counted, and is a duplicate of the second one.
    assert last["duplicate"] >= interrupted["sent"] > 0
    assert_counted(own_pipeline, ("ann", large))
    assert [*own_pipeline.settings.uploads.iterdir()] == []


@pytest.mark.timeout(500)
def test_an_import_outlives_an_api_that_is_killed(own_pipeline, large):
    server = killable(own_pipeline)
    address = f"http://127.0.0.1:{own_pipeline.settings.api_port}"
    try:
        url = send(address, large, listener="ann")
        until(address, url, is_reading)
    finally:
        kill(server)

    with served(own_pipeline.settings) as address:
        until(address, url, has_sent(1))
        own_pipeline.drain()
        upload = until(address, url, is_over)

    assert upload["state"] == "imported"
    # One account: the new API waited for the process that was there.
    assert [each["read"] for each in upload["imports"]] == [LARGE]
    assert_counted(own_pipeline, ("ann", large))
    assert [*own_pipeline.settings.uploads.iterdir()] == []


def killable(pipeline: Pipeline) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from api.cli import app; app()"],
        cwd=CHECKOUT,
        env=pipeline.environment(),
    )
    wait_until_answering(pipeline.settings.api_port)
    return process


def kill(server: subprocess.Popen[bytes]) -> None:
    """The API's own two processes, and not the import."""
    workers = psutil.Process(server.pid).children()
    for process in [server, *workers]:
        process.kill()
    server.wait()
    psutil.wait_procs(workers, timeout=10)
