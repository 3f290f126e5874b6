"""`playcount batch schedule` as a process: a missed batch is run, and stopped in order."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from batch import versions
from batch.scheduling import runs as schedule_runs
from listens import codec
from listens import store as collections
from listens.settings import CHECKOUT
from tests.aggregation.listens import listen
from tests.pipeline.conftest import Pipeline

PATIENCE_SECONDS = 120
AT = datetime(2024, 1, 5, 8, tzinfo=UTC)


@contextmanager
def scheduler(pipeline: Pipeline) -> Iterator[subprocess.Popen[bytes]]:
    """The process, which finds that the batch of the last night was missed."""
    long_ago = datetime.now(UTC) - timedelta(days=2)
    pipeline.store[collections.SCHEDULED_RUNS].delete_many({})
    schedule_runs.last_run(pipeline.store, "batch", now=long_ago)
    process = subprocess.Popen(
        [sys.executable, str(CHECKOUT / "playcount"), "batch", "schedule"],
        env=pipeline.environment() | {"PLAYCOUNT_BATCH_SCHEDULE": "0 2 * * *"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def eventually(holds: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert process.poll() is None, "the scheduler has ended"
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def test_a_missed_batch_is_made_up_and_the_next_one_stopped_in_order(pipeline: Pipeline) -> None:
    row = listen("ann", AT, 40_000, 1, "web", "DE", None, None, "music", True)
    pipeline.send([(b"ann", codec.encode(row))])
    pipeline.drain()
    running = {"state": "running"}

    with scheduler(pipeline) as process:
        eventually(lambda: _last(pipeline).outcome == "ok", process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    published = versions.current(pipeline.store)
    assert (published["events"], published["state"]) == (1, "ready")

    with scheduler(pipeline) as process:
        # The version just made would spare the run.
        older = {"$set": {"started_at": datetime.now(UTC) - timedelta(days=3)}}
        pipeline.store[collections.BATCH_VERSIONS].update_one({"_id": published["_id"]}, older)
        found = pipeline.store[collections.BATCH_VERSIONS]
        eventually(lambda: found.find_one(running), process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    assert found.find_one(running) is None
    assert found.find_one(sort=[("_id", -1)])["why"] == "KeyboardInterrupt"
    assert _last(pipeline).outcome == "stopped"
    assert versions.current(pipeline.store)["_id"] == published["_id"]


def _last(pipeline: Pipeline) -> schedule_runs.Run:
    return schedule_runs.last_run(pipeline.store, "batch", now=datetime.now(UTC))
