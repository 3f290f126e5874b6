"""When a job is due: days of 23 and 25 hours, missed runs, imports. No store, no clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batch.scheduling.due import Due, Facts, Schedule, due
from batch.scheduling.runs import Run

NIGHTLY = Schedule("0 2 * * *", "UTC")
BERLIN = "Europe/Berlin"
MONDAY = datetime(2026, 6, 1, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def run(**changes) -> Run:
    """A run that went well on Monday at two."""
    end = MONDAY + timedelta(minutes=5)
    good = Run("batch", 3, MONDAY, 1, "schedule", "here", MONDAY, end, end, "ok")
    return replace(good, **changes)


def decided(last: Run, now: datetime, schedule: Schedule = NIGHTLY, **facts) -> Due | None:
    return due(last, schedule, now=now, facts=Facts(**facts), after_events=1000)


def cut_off(**changes) -> Run:
    return run(outcome="running", ended_at=None, **changes)


@pytest.mark.parametrize(
    ("expression", "now", "latest", "following"),
    [
        # Berlin's 29 March 2026 has no hour from two to three: half past two comes at three.
        ("30 2 * * *", "2026-03-29 00:59", "2026-03-28 01:30", "2026-03-29 01:00"),
        ("30 2 * * *", "2026-03-29 01:00", "2026-03-29 01:00", "2026-03-30 00:30"),
        # Its 25 October has that hour twice: the first counts.
        ("30 2 * * *", "2026-10-25 00:29", "2026-10-24 00:30", "2026-10-25 00:30"),
        ("30 2 * * *", "2026-10-25 00:30", "2026-10-25 00:30", "2026-10-26 01:30"),
        ("30 2 * * *", "2026-10-25 01:15", "2026-10-25 00:30", "2026-10-26 01:30"),
        ("30 2 * * *", "2026-10-25 01:30", "2026-10-25 00:30", "2026-10-26 01:30"),
        # Every half an hour means each that there is.
        ("*/30 * * * *", "2026-10-25 00:45", "2026-10-25 00:30", "2026-10-25 01:00"),
        ("*/30 * * * *", "2026-10-25 01:10", "2026-10-25 01:00", "2026-10-25 01:30"),
        ("*/30 * * * *", "2026-03-29 00:59", "2026-03-29 00:30", "2026-03-29 01:00"),
        # Seldom.
        ("0 0 1 1 *", "2026-06-01 00:00", "2025-12-31 23:00", "2026-12-31 23:00"),
    ],
)  # fmt: skip
def test_the_times_around_a_moment(expression, now, latest, following):
    schedule = Schedule(expression, BERLIN)

    assert schedule.latest(utc(now)) == utc(latest)
    assert schedule.next(utc(now)) == utc(following)


@pytest.mark.parametrize("day", ["2026-03-27", "2026-10-23"])
def test_a_nightly_run_comes_once_a_day_across_the_change_of_clocks(day):
    """Asked every ten minutes for three days, as the scheduler does, more coarsely."""
    schedule = Schedule("30 2 * * *", BERLIN)
    began = utc(f"{day} 22:00")
    last, started = run(slot=began), []
    for minutes in range(0, 3 * 24 * 60, 10):
        now = began + timedelta(minutes=minutes)
        if wanted := decided(last, now, schedule):
            started.append(now)
            last = run(slot=wanted.slot, started_at=now)

    assert len(started) == 3


def test_no_schedule_is_never():
    never = Schedule("", "UTC")

    assert never.latest(MONDAY) is None
    assert never.next(MONDAY) is None
    assert decided(run(), MONDAY + 30 * DAY, never) is None


def test_a_run_begins_at_its_time_and_not_before():
    tuesday = MONDAY + DAY

    assert decided(run(), tuesday - timedelta(seconds=1)) is None
    assert decided(run(), tuesday) == Due(tuesday, 1, "schedule")


def test_of_many_missed_runs_the_last_is_made_up():
    wanted = decided(run(), MONDAY + 5 * DAY + 7 * HOUR)

    assert wanted == Due(MONDAY + 5 * DAY, 1, "schedule")
    assert decided(run(slot=wanted.slot), MONDAY + 5 * DAY + 8 * HOUR) is None


def test_a_new_installation_has_missed_nothing():
    new = run(number=0, outcome="none", slot=MONDAY + 9 * HOUR)

    assert decided(new, MONDAY + 9 * HOUR) is None
    assert decided(new, MONDAY + DAY) == Due(MONDAY + DAY, 1, "schedule")


def test_a_version_that_was_begun_since_spares_the_run():
    tuesday = MONDAY + DAY

    assert decided(run(), tuesday + HOUR, covered_at=tuesday + timedelta(minutes=1)) is None
    assert decided(run(), tuesday + HOUR, covered_at=tuesday - timedelta(minutes=1)) is not None


def test_a_delay_is_firm_within_its_bound_and_differs_among_machines():
    tuesday = MONDAY + DAY
    here, there = (Schedule("0 2 * * *", "UTC", 600, host) for host in ("here", "there"))
    at = here.due_at(tuesday)

    assert tuesday <= at <= tuesday + timedelta(seconds=600)
    assert at != there.due_at(tuesday)
    assert here.next(tuesday) == at
    assert here.next(at) == here.due_at(tuesday + DAY)
    assert decided(run(), at - timedelta(seconds=1), here) is None
    assert decided(run(), at, here) == Due(tuesday, 1, "schedule")


def test_a_run_elsewhere_is_left_alone():
    now = MONDAY + 2 * DAY

    assert decided(cut_off(alive_at=now - timedelta(seconds=59)), now) is None


def test_a_run_that_was_cut_off_is_made_up_once():
    now = MONDAY + HOUR
    again = decided(cut_off(), now)

    assert again == Due(MONDAY, 2, "schedule, again as it was cut off")
    assert decided(cut_off(attempt=2), now) is None
    assert decided(cut_off(attempt=2), now + DAY) == Due(MONDAY + DAY, 1, "schedule")


def test_a_run_that_published_before_it_was_cut_off_is_not_made_up():
    assert decided(cut_off(), MONDAY + HOUR, covered_at=MONDAY + timedelta(seconds=2)) is None


def test_a_run_that_was_stopped_is_made_up_and_one_that_failed_is_not():
    assert decided(run(outcome="stopped"), MONDAY + HOUR) is not None
    assert decided(run(outcome="failed"), MONDAY + HOUR) is None


def test_a_run_that_met_another_batch_tries_as_often_as_it_must():
    assert decided(run(outcome="busy", attempt=1), MONDAY + HOUR) == Due(MONDAY, 1, "schedule")
    assert decided(run(outcome="busy", attempt=2), MONDAY + HOUR) == Due(MONDAY, 2, "schedule")


@pytest.mark.parametrize(
    ("events", "quiet_seconds", "expected"),
    [(999, 60, None), (1000, 59, None), (1000, 60, Due(MONDAY, 1, "1,000 imported events"))],
)
def test_a_large_import_starts_a_run_once_it_is_over(events, quiet_seconds, expected):
    now = MONDAY + HOUR
    at = now - timedelta(seconds=quiet_seconds)

    assert decided(run(), now, imported=events, imported_at=at) == expected


def test_an_import_waits_an_hour_after_a_run_that_failed():
    facts = {"imported": 5000, "imported_at": MONDAY}
    failed = run(outcome="failed", ended_at=MONDAY)

    assert decided(failed, MONDAY + timedelta(minutes=59), **facts) is None
    assert decided(failed, MONDAY + HOUR, **facts) is not None
