"""The scheduler on a real MongoDB; its children are small programs, but for tests/pipeline's."""

from __future__ import annotations

import signal
import sys
import time
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from batch import versions
from batch.command import runs_on_yarn
from batch.scheduling import child as schedule_child
from batch.scheduling import due as schedule
from batch.scheduling import facts as schedule_facts
from batch.scheduling import runs as schedule_runs
from batch.scheduling import scheduler
from batch.scheduling.facts import Tally
from batch.scheduling.jobs import Job, command_line, jobs
from batch.scheduling.scheduler import State, tick

MISSED = timedelta(days=2)
FROM_THE_START = Tally()


@pytest.fixture
def child_code(monkeypatch):
    """What the scheduler runs in place of a batch; set its one item."""
    code = ["pass"]
    monkeypatch.setattr(scheduler, "command_line", lambda *_: [sys.executable, "-c", code[0]])
    return code


@pytest.fixture
def missed(store, fresh_database):
    """A scheduler that has missed a batch, with something to count."""
    schedule_runs.last_run(store, "batch", now=datetime.now(UTC) - MISSED)
    store.speed_commits.insert_one({"_id": 0, "at": datetime.now(UTC), "until": {"0": 1}})
    store.archive_coverage.insert_one({"_id": "archive", "until": {"0": 1}})
    return State(fresh_database.model_copy(update={"batch_schedule": "0 2 * * *"}), store)


def ticks_until(state, holds):
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        tick(state)
        time.sleep(0.02)


def last(state):
    return schedule_runs.last_run(state.store, "batch", now=datetime.now(UTC))


def test_a_missed_run_is_made_up_once(missed, child_code):
    tick(missed)

    assert last(missed).outcome == "running"
    ticks_until(missed, lambda: missed.child is None)
    assert (last(missed).number, last(missed).outcome) == (1, "ok")
    for _ in range(3):
        tick(missed)
    assert last(missed).number == 1


def test_the_first_start_ever_misses_nothing(store, fresh_database, child_code):
    state = State(fresh_database.model_copy(update={"batch_schedule": "* * * * *"}), store)

    tick(state)

    assert state.child is None
    assert last(state).outcome == "none"


def test_a_run_that_fails_waits_for_its_next_time(missed, child_code):
    child_code[0] = "raise SystemExit(1)"

    ticks_until(missed, lambda: last(missed).outcome == "failed")

    tick(missed)
    assert missed.child is None


def test_a_batch_that_somebody_started_is_waited_for(missed, child_code):
    number = versions.reserve(missed.store)

    tick(missed)

    assert missed.child is None
    beat = missed.store.heartbeats.find_one({"_id": "scheduler"})
    assert beat["waiting_for"].startswith(f"batch {number} on ")
    versions.abandon(missed.store, number, why="test")
    tick(missed)
    assert missed.child is not None
    missed.child.stop()


def test_a_child_that_meets_another_batch_is_started_again(missed, child_code, monkeypatch):
    monkeypatch.setattr(schedule, "BUSY_PAUSE", timedelta(seconds=1))
    child_code[0] = f"raise SystemExit({versions.BUSY_EXIT})"
    ticks_until(missed, lambda: last(missed).outcome == "busy")
    child_code[0] = "pass"

    ticks_until(missed, lambda: last(missed).outcome == "ok")

    assert last(missed).number >= 2


def test_of_two_schedulers_one_runs_the_batch(missed, child_code):
    other = State(missed.settings, missed.store)
    before = last(missed)

    tick(missed)
    tick(other)

    assert (missed.child is None, other.child is None) == (False, True)
    again = {"slot": before.slot, "attempt": 1, "reason": "", "now": datetime.now(UTC)}
    assert schedule_runs.claim(missed.store, before, **again) is None
    missed.child.stop()


def test_a_scheduler_that_was_frozen_does_not_overwrite_its_heir(missed, child_code):
    tick(missed)
    frozen = missed.child
    now = datetime.now(UTC)
    heir = schedule_runs.claim(
        missed.store, last(missed), slot=now, attempt=2, reason="again", now=now
    )

    schedule_runs.end(missed.store, frozen.run, "failed", now=now)

    assert heir.number == frozen.run.number + 1
    assert last(missed).outcome == "running"
    frozen.stop()


def test_where_nothing_is_counted_nothing_is_run(missed, child_code):
    missed.store.speed_commits.delete_many({})

    tick(missed)

    assert missed.child is None
    assert (last(missed).number, last(missed).outcome) == (1, "none")


def test_the_heartbeat_says_when_the_next_run_is(missed, child_code):
    tick(missed)

    beat = missed.store.heartbeats.find_one({"_id": "scheduler"})
    assert datetime.now(UTC) - beat["at"] < timedelta(seconds=10)
    assert beat["running"] == "batch"
    assert beat["next"]["batch"].hour == 2
    assert beat["next"]["batch"] > datetime.now(UTC)
    missed.child.stop()


def test_only_new_events_of_imports_since_the_version_are_counted(store):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    store.speed_commits.insert_many(
        [
            {"_id": 1, "at": at, "imports": {"a": {"new": 100, "duplicate": 0}}},
            {"_id": 2, "at": at, "imports": {"b": {"new": 10, "duplicate": 7}}},
            {"_id": 3, "at": at + timedelta(1), "imports": {}},
        ]
    )

    first = schedule_facts.advanced(store, FROM_THE_START, cut_seq=1)
    assert first == Tally(cut_seq=1, until_seq=3, events=10, last_at=at)

    later = at + timedelta(2)
    store.speed_commits.insert_one({"_id": 4, "at": later, "imports": {"b": {"new": 5}}})
    assert schedule_facts.advanced(store, first, cut_seq=1) == Tally(1, 4, 15, later)
    assert schedule_facts.advanced(store, first, cut_seq=3) == Tally(3, 4, 5, later)


def test_jobs_run_one_after_the_other(missed, child_code, monkeypatch):
    """An upkeep job needs nothing but its line in the table."""
    upkeep = Job("upkeep", ("archive", "optimize"), "0 3 * * *")
    table = (*jobs(missed.settings), upkeep)
    monkeypatch.setattr(scheduler, "jobs", lambda _: table)
    for job in table:
        runs = missed.store.scheduled_runs
        runs.delete_one({"_id": job.name})
        schedule_runs.last_run(missed.store, job.name, now=datetime.now(UTC) - MISSED)

    tick(missed)
    assert missed.child.run.job == "batch"
    ticks_until(missed, lambda: missed.child and missed.child.run.job == "upkeep")
    assert last(missed).outcome == "ok"
    ticks_until(missed, lambda: missed.child is None)

    done = missed.store.scheduled_runs.find_one({"_id": "upkeep"})
    assert (done["number"], done["outcome"]) == (1, "ok")


def test_a_rollback_starts_no_batch(missed, child_code):
    """Its imports are counted by the speed layer again, and its night isn't missed again."""
    now = datetime.now(UTC)
    made = {"state": "ready", "cut": {}, "windows": {}, "events": 0}
    missed.store.batch_versions.insert_many(
        [
            {"_id": 1, "cut_seq": 0, "started_at": now - MISSED, **made},
            {"_id": 2, "cut_seq": 5, "started_at": now, **made},
        ]
    )
    imported = {"i": {"new": 10**9, "duplicate": 0}}
    missed.store.speed_commits.insert_one({"_id": 5, "at": now - MISSED, "imports": imported})
    missed.store.batch_pointer.insert_one({"_id": "current", "version": 2, "previous": 1})
    missed.settings = missed.settings.model_copy(update={"batch_after_events": 1})

    versions.rollback(missed.store)
    tick(missed)

    assert missed.child is None


@pytest.fixture
def listening_to_ctrl_c():
    """As in the scheduler itself: a shell that runs the tests in the background ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening_to_ctrl_c")
def test_a_child_is_asked_to_end_as_by_ctrl_c(missed, child_code, capfd):
    child_code[0] = (
        "import time\ntry:\n    print('begun', flush=True)\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('in order')"
    )
    tick(missed)
    child = missed.child
    while "begun" not in capfd.readouterr().out:
        time.sleep(0.02)

    child.stop()

    assert capfd.readouterr().out == "in order\n"


def test_a_child_that_does_not_listen_is_killed_with_all_below_it(
    missed, child_code, monkeypatch, capfd
):
    monkeypatch.setattr(schedule_child, "STOP_SECONDS", 0.2)
    child_code[0] = (
        "import signal, subprocess, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "print(subprocess.Popen(['sleep', '60']).pid, flush=True)\ntime.sleep(60)"
    )
    tick(missed)
    while not (told := capfd.readouterr().out):
        time.sleep(0.02)

    missed.child.stop()

    _, alive = psutil.wait_procs(_process(int(told)), timeout=5)
    assert alive == []
    assert missed.child.process.returncode == -signal.SIGKILL
    assert missed.child.outcome() == "failed"


def _process(pid):
    try:
        return [psutil.Process(pid)]
    except psutil.NoSuchProcess:
        return []


def test_a_job_is_a_command_of_playcount_which_asks_the_profile_where_it_runs(fresh_database):
    batch, upkeep = jobs(fresh_database)

    assert command_line(batch)[-2:] == ["batch", "run"]
    assert command_line(upkeep)[-2:] == ["archive", "optimize"]
    on_yarn = fresh_database.model_copy(update={"profile": "cluster"})
    assert not runs_on_yarn(fresh_database, submit=None)
    assert runs_on_yarn(on_yarn, submit=None)
    assert not runs_on_yarn(on_yarn, submit=False)


def test_events_of_bulk_loads_that_no_version_counts_are_counted(store):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    about = {"cut_seq": 0, "windows": {}, "loads": [1], "started_at": at}
    versions_ = {"_id": 7, "state": "ready", **about}
    store.batch_versions.insert_one(versions_)
    store.batch_pointer.insert_one({"_id": "current", "version": 7})
    store.bulk_loads.insert_many(
        [
            {"_id": 1, "state": "sealed", "events": 10, "touched_at": at},
            {"_id": 2, "state": "sealed", "events": 20, "touched_at": at + timedelta(1)},
            {"_id": 3, "state": "claimed", "events": 40, "touched_at": at + timedelta(2)},
        ]
    )

    facts, _ = schedule_facts.facts(store, FROM_THE_START)

    assert facts == schedule.Facts(at, 20, at + timedelta(1))
