"""The scheduler: looks at clock and store, and runs one job at a time."""

from __future__ import annotations

import logging
import os
import socket
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pymongo
from pymongo.errors import PyMongoError

from batch.scheduling import child, facts, runs
from batch.scheduling.child import Child
from batch.scheduling.due import Facts, Schedule, due
from batch.scheduling.facts import Tally
from batch.scheduling.jobs import Job, command_line, jobs
from batch.scheduling.runs import Outcome
from listens import store as collections
from listens.settings import Settings
from listens.stopping import stop_on_signals
from listens.store import Document, Store, connect

log = logging.getLogger(__name__)

TICK_SECONDS = 2
STORE_SECONDS = 5
"""How long one look at the store may take: SIGTERM is heard between two of them."""


@dataclass
class State:
    """What the scheduler keeps from one tick to the next."""

    settings: Settings
    store: Store
    child: Child | None = None
    tally: Tally = field(default_factory=Tally)
    waiting_for: str | None = None


def run(settings: Settings) -> None:
    """Run the jobs when they are due, until SIGTERM or SIGINT; a run under way is stopped then."""
    stop = stop_on_signals()
    state = State(settings, connect(settings, timeout_seconds=60))
    for job in jobs(settings):
        told = _schedule(job, settings).next(_now())
        log.info("job=%s next=%s", job.name, told.isoformat() if told else "never")
    while not stop.is_set():
        try:
            with pymongo.timeout(STORE_SECONDS):
                tick(state)
        except PyMongoError as error:
            log.warning("the store doesn't answer: %s", type(error).__name__)
        stop.wait(TICK_SECONDS)
    if state.child:
        _stop(state, state.child)
    log.info("stopped")


def tick(state: State) -> None:
    """Look once: at the run under way, else for one that is due; then say that all is well."""
    if state.child:
        _look_after(state, state.child)
    state.waiting_for = None
    for job in jobs(state.settings):
        if state.child is None:
            _start_if_due(state, job)
    _beat(state)


def _look_after(state: State, child: Child) -> None:
    outcome = child.outcome()
    if outcome is None:
        state.child = replace(child, run=runs.keep_alive(state.store, child.run, now=_now()))
        return
    ended = runs.end(state.store, child.run, outcome, now=_now())
    log.log(
        logging.ERROR if outcome == "failed" else logging.INFO,
        "job=%s run=%d outcome=%s", ended.job, ended.number, outcome,
    )  # fmt: skip
    state.child = None


def _start_if_due(state: State, job: Job) -> None:
    now = _now()
    last = runs.last_run(state.store, job.name, now=now)
    found = Facts()
    if job.makes_version:
        found, state.tally = facts.facts(state.store, state.tally)
    wanted = due(
        last,
        _schedule(job, state.settings),
        now=now,
        facts=found,
        after_events=state.settings.batch_after_events if job.makes_version else 0,
    )
    if wanted is None or (job.makes_version and _must_wait(state)):
        return
    run_ = runs.claim(
        state.store, last, slot=wanted.slot, attempt=wanted.attempt, reason=wanted.reason, now=now
    )
    if run_ is None:  # another machine's scheduler has it
        return
    if not facts.has_work(state.store, job):
        runs.end(state.store, run_, "none", now=now)
        return
    log.info("job=%s run=%d reason=%s", job.name, run_.number, wanted.reason)
    state.child = child.start(run_, command_line(job))


def _must_wait(state: State) -> bool:
    state.waiting_for = facts.busy_with(state.store)
    return state.waiting_for is not None


def _stop(state: State, child: Child) -> None:
    log.info("job=%s run=%d is stopped", child.run.job, child.run.number)
    child.stop()
    try:
        with pymongo.timeout(STORE_SECONDS):
            outcome: Outcome = "ok" if child.outcome() == "ok" else "stopped"
            runs.end(state.store, child.run, outcome, now=_now())
    except PyMongoError as error:
        log.warning("the store doesn't hear of it: %s", type(error).__name__)


def _schedule(job: Job, settings: Settings) -> Schedule:
    return Schedule(
        job.cron, settings.time_zone, settings.batch_jitter_seconds, socket.gethostname()
    )


def _beat(state: State) -> None:
    now = _now()
    beat: Document = {
        "at": now,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "next": {
            job.name: _schedule(job, state.settings).next(now) for job in jobs(state.settings)
        },
        "running": state.child.run.job if state.child else None,
        "waiting_for": state.waiting_for,
    }
    state.store[collections.HEARTBEATS].update_one(
        {"_id": "scheduler"}, {"$set": beat}, upsert=True
    )


def _now() -> datetime:
    return datetime.now(UTC)
