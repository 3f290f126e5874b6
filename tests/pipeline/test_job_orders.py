"""What YARN runs of a command, run here: its result, steps and exit status come back."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

from batch import orders
from batch.lease import exclusive
from batch.versions import BUSY_EXIT
from listens import codec
from listens import store as collections
from listens.settings import CHECKOUT
from listens.store import Document
from tests.aggregation.listens import listen
from tests.pipeline.conftest import Pipeline

AT = datetime(2024, 1, 5, 8, tzinfo=UTC)


def ordered(pipeline: Pipeline, *arguments: str) -> tuple[int, Document]:
    """Run batch/job.py by an order, as spark-submit does; its exit status and the order's end."""
    order = orders.place(pipeline.store, arguments)
    done = subprocess.run(
        [sys.executable, str(CHECKOUT / "batch" / "job.py"), "--order", order],
        env=pipeline.environment() | {"PYTHONPATH": str(CHECKOUT), "PLAYCOUNT_PROFILE": "cluster"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=300,
    )
    ended = orders.state(pipeline.store, order)
    assert "exit_status" in ended, done.stderr
    return done.returncode, ended


def test_result_and_steps_of_a_command_are_in_its_order(pipeline: Pipeline) -> None:
    row = listen("ann", AT, 40_000, 1, "web", "DE", None, None, "music", True)
    pipeline.send([(b"ann", codec.encode(row))])
    pipeline.drain()

    status, ended = ordered(pipeline, "archive", "check")

    assert (status, ended["exit_status"], ended["error"]) == (0, 0, "")
    result = json.loads(ended["result"])
    assert (result["events"], result["counted"], result["problems"]) == (1, 1, [])
    assert [line.split()[-1] for line in ended["steps"]] == ["coverage", "offsets", "events"]
    assert "arguments" not in ended


def test_a_finding_is_a_result_with_exit_status_1(pipeline: Pipeline) -> None:
    row = listen("ann", AT, 40_000, 1, "web", "DE", None, None, "music", True)
    pipeline.send([(b"ann", codec.encode(row))])
    pipeline.drain()

    status, ended = ordered(pipeline, "erase", "--verify", "--", "ann")

    assert (status, ended["exit_status"], ended["error"]) == (1, 1, "")
    where = {trace["where"] for trace in json.loads(ended["result"])["traces"]}
    assert where == {"speed_segments", "recent_listens", "archive"}


def test_a_job_that_meets_another_one_ends_with_the_status_of_busy(pipeline: Pipeline) -> None:
    with exclusive(pipeline.store, what="upkeep"):
        status, ended = ordered(pipeline, "batch", "run")

    assert (status, ended["exit_status"]) == (BUSY_EXIT, BUSY_EXIT)
    assert "upkeep 1 runs already" in ended["error"]


def test_a_mistake_is_told_as_one(pipeline: Pipeline) -> None:
    status, ended = ordered(pipeline, "archive", "optimize")

    assert (status, ended["exit_status"]) == (2, 2)
    assert "there's no archive" in ended["error"]


def test_what_nobody_expected_is_told_too_and_an_order_is_done_once(pipeline: Pipeline) -> None:
    status, ended = ordered(pipeline, "archive", "no-such-command")

    assert (status, ended["exit_status"]) == (1, 1)
    assert "no-such-command" in ended["error"]

    first = orders.place(pipeline.store, ["archive", "check"])
    assert orders.take(pipeline.store, first) == ["archive", "check"]
    assert "arguments" not in orders.state(pipeline.store, first)
    orders.forget(pipeline.store, first)
    assert orders.state(pipeline.store, first) == {}


def test_orders_are_kept_for_a_week(pipeline: Pipeline) -> None:
    kept = pipeline.store[collections.JOB_ORDERS].index_information()["at_1"]

    assert kept["expireAfterSeconds"] == 7 * 24 * 3600
