"""While the archive can't be written, what comes in is counted; then everything is archived."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlparse

from batch.archive.check import check
from listens import codec
from listens import store as collections
from listens.settings import CHECKOUT
from tests.aggregation.listens import listen
from tests.pipeline.conftest import Pipeline

PATIENCE_SECONDS = 180
AT = datetime(2024, 1, 5, 8, tzinfo=UTC)


def send(pipeline: Pipeline, *, first: int, n: int) -> None:
    rows = [
        listen("ann", AT + timedelta(minutes=minute), 40_000, 1, "web", "DE",
               None, None, "music", True)
        for minute in range(first, first + n)
    ]  # fmt: skip
    pipeline.send([(b"ann", codec.encode(row)) for row in rows])


def eventually(holds: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert process.poll() is None, "streaming has ended"
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def archived(pipeline: Pipeline) -> int:
    told = pipeline.store[collections.ARCHIVE_COVERAGE].find_one({"_id": "archive"})
    return sum(told["until"].values()) if told else 0


def test_counting_goes_on_while_the_archive_cannot_be_written(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    table = Path(urlparse(pipeline.settings.archive_table).path)
    fast = {"PLAYCOUNT_ARCHIVE_TRIGGER_SECONDS": "0.5", "PLAYCOUNT_SPEED_TRIGGER_SECONDS": "0.1"}
    send(pipeline, first=0, n=10)
    log = (tmp_path / "stream.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, str(CHECKOUT / "playcount"), "stream"],
        env=pipeline.environment() | fast,
        stderr=log,
    )
    try:
        eventually(lambda: archived(pipeline) == 10, process)

        table.rename(tmp_path / "apart")
        table.write_text("no folder")
        send(pipeline, first=10, n=5)
        words = "query=archive failed; it's begun again"
        eventually(lambda: words in (tmp_path / "stream.log").read_text(), process)
        send(pipeline, first=15, n=5)
        eventually(lambda: pipeline.get("/api/summary")["plays"] == 20, process)
        assert archived(pipeline) == 10

        table.unlink()
        (tmp_path / "apart").rename(table)
        eventually(lambda: archived(pipeline) == 20, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        log.close()

    found = check(pipeline.spark, pipeline.store, settings=pipeline.settings)
    assert (found.events, found.counted, found.problems) == (20, 20, [])
