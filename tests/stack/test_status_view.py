"""What the status shows."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from stack.status import Status
from stack.status_view import print_status, status_json


def test_the_status_says_when_the_batch_runs_next_and_how_the_last_run_went() -> None:
    at = datetime(2026, 6, 1, 2, tzinfo=UTC)
    last = {"number": 4, "outcome": "failed", "reason": "schedule", "started_at": at}
    beat = {"running": None, "waiting_for": "batch 7 on b", "next": {"batch": at + timedelta(1)}}
    console = Console(width=200, record=True, file=io.StringIO())

    print_status(Status([], schedule={**beat, "last": {"batch": last}}), console)

    run = "failed, schedule, 2026-06-01T02:00:00+00:00"
    assert console.export_text().splitlines()[-2:] == [
        f"Scheduled batch: next 2026-06-02T02:00:00+00:00; last run {run}",
        "The scheduler waits for batch 7 on b",
    ]
    told = status_json(Status([], schedule={**beat, "last": {}}))["schedule"]
    assert told == {
        "running": None,
        "waiting_for": "batch 7 on b",
        "jobs": {"batch": {"next": "2026-06-02T02:00:00+00:00", "last": None}},
    }
