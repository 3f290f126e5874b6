"""What each scheduled job did last, in MongoDB: the state that several schedulers share.

One document a job in `scheduled_runs`: `{_id: job, number, slot, attempt, reason, host, started_at,
alive_at, ended_at, outcome}`. Whoever raises `number` by one has the run, so that of two schedulers
on two machines only one starts it.
"""

from __future__ import annotations

import socket
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pymongo.errors import DuplicateKeyError

from listens import store as collections
from listens.store import Store

LEASE = timedelta(seconds=60)
"""A run whose scheduler has been silent for so long is cut off."""

Outcome = Literal["none", "running", "ok", "failed", "busy", "stopped"]
"""`busy`: another batch was at work; `stopped`: the scheduler was told to end."""


@dataclass(frozen=True)
class Run:
    """One run of a job; with number 0, the moment from which on runs can be missed.

    Attributes:
        job: its name.
        number: counts the job's runs.
        slot: the last time of the schedule that is dealt with.
        attempt: 1, and 2 for a run that was made up.
        reason: why it ran, for people.
        host: where.
        started_at: UTC.
        alive_at: when its scheduler said last that it runs.
        ended_at: None while it runs, and when it was cut off.
        outcome: how it ended.
    """

    job: str
    number: int
    slot: datetime
    attempt: int
    reason: str
    host: str
    started_at: datetime
    alive_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome = "running"

    def is_alive(self, now: datetime) -> bool:
        """It runs, here or elsewhere."""
        return self.outcome == "running" and now - self.alive_at <= LEASE

    @property
    def was_cut_off(self) -> bool:
        """It didn't come to an end of its own; asked only of a run that isn't alive."""
        return self.outcome in ("running", "busy", "stopped")


def last_run(store: Store, job: str, *, now: datetime) -> Run:
    """The newest run of a job; the first call ever sets the moment from which on runs count."""
    runs = store[collections.SCHEDULED_RUNS]
    document = runs.find_one({"_id": job})
    if document is None:
        first = Run(job, 0, now, 1, "", _host(), now, now, now, "none")
        try:
            runs.insert_one(_document(first))
        except DuplicateKeyError:  # another scheduler's first call
            return last_run(store, job, now=now)
        return first
    document["job"] = document.pop("_id")
    return Run(**document)


def claim(
    store: Store, last: Run, *, slot: datetime, attempt: int, reason: str, now: datetime
) -> Run | None:
    """The run after `last`, for this scheduler; None when another was faster."""
    run = Run(last.job, last.number + 1, slot, attempt, reason, _host(), now, now)
    return run if _replace(store, last, run) else None


def keep_alive(store: Store, run: Run, *, now: datetime) -> Run:
    """Say that the run goes on; the run as it's now."""
    return _changed(store, run, replace(run, alive_at=now))


def end(store: Store, run: Run, outcome: Outcome, *, now: datetime) -> Run:
    """Say how the run ended; the run as it's now."""
    return _changed(store, run, replace(run, alive_at=now, ended_at=now, outcome=outcome))


def _changed(store: Store, run: Run, changed: Run) -> Run:
    _replace(store, run, changed)
    return changed


def _replace(store: Store, old: Run, new: Run) -> bool:
    """By number: a scheduler that was frozen while another took over changes nothing."""
    which = {"_id": old.job, "number": old.number}
    return store[collections.SCHEDULED_RUNS].replace_one(which, _document(new)).matched_count == 1


def _document(run: Run) -> dict[str, object]:
    fields = asdict(run)
    return {"_id": fields.pop("job"), **fields}


def _host() -> str:
    return socket.gethostname()
