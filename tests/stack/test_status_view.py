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


def test_the_status_shows_bulk_loads_that_dont_count_yet() -> None:
    at = datetime(2026, 6, 1, 2, tzinfo=UTC)
    about = {"rows": 2_000, "started_at": at, "touched_at": at}
    loads = [
        {"_id": 3, "state": "written", **about},
        {"_id": 4, "state": "sealed", "events": 1_500, **about},
    ]
    console = Console(width=200, record=True, file=io.StringIO())

    print_status(Status([], bulk_loads=loads), console)

    since = "2026-06-01T02:00:00+00:00"
    assert console.export_text().splitlines()[-2:] == [
        f"Bulk load 3: written since {since}; where it was stopped, repeat its import",
        "Bulk load 4: 1,500 events count from the next batch on",
    ]
    told = status_json(Status([], bulk_loads=loads))["bulk_loads"]
    assert told[0] == {
        "load": 3, "state": "written", "rows": 2_000, "events": None, "started_at": since,
    }  # fmt: skip
    assert told[1]["events"] == 1_500
