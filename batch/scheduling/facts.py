"""What the schedule must know of the store: the newest version, and what imports brought since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from batch import versions
from batch.scheduling.due import Facts
from batch.scheduling.jobs import Job
from listens import bulk_loads
from listens import store as collections
from listens.store import Document, Store


@dataclass(frozen=True)
class Tally:
    """New events of imports in the commits after a cut, up to a commit."""

    cut_seq: int = 0
    until_seq: int = 0
    events: int = 0
    last_at: datetime | None = None


def facts(store: Store, tally: Tally) -> tuple[Facts, Tally]:
    """The facts now, and the tally with which the next call reads only newer commits."""
    version = _newest_version(store)
    tally = advanced(store, tally, cut_seq=version["cut_seq"])
    events, last_at = tally.events, tally.last_at
    for load in bulk_loads.in_state(store, bulk_loads.SEALED):
        if load["events"] and load["_id"] not in version.get("loads", ()):
            events += load["events"]
            last_at = max(last_at or load["touched_at"], load["touched_at"])
    return Facts(version.get("started_at"), events, last_at), tally


def advanced(store: Store, tally: Tally, *, cut_seq: int) -> Tally:
    """The tally up to the head; begun anew where a version was published."""
    if tally.cut_seq != cut_seq:
        tally = Tally(cut_seq, cut_seq)
    events, until, last_at = tally.events, tally.until_seq, tally.last_at
    commits = store[collections.SPEED_COMMITS].find(
        {"_id": {"$gt": until}}, {"imports": 1, "at": 1}, sort=[("_id", 1)]
    )
    for commit in commits:
        until = commit["_id"]
        if counts := commit.get("imports"):
            events += sum(count["new"] for count in counts.values())
            last_at = commit["at"]
    return Tally(cut_seq, until, events, last_at)


def _newest_version(store: Store) -> Document:
    """The last that was made, current or not: a rollback is nobody's wish for another batch."""
    made = {"state": {"$in": ["ready", "retired"]}}
    newest = store[collections.BATCH_VERSIONS].find_one(made, {"windows": 0}, sort=[("_id", -1)])
    return newest or versions.NOTHING


def busy_with(store: Store) -> str | None:
    """The batch that is at work, by whomever it was started; None when none is."""
    silent = datetime.now(UTC) - versions.LEASE
    running = store[collections.BATCH_VERSIONS].find_one(
        {"state": "running", "alive_at": {"$gt": silent}}
    )
    return f"batch {running['_id']} on {running['host']}" if running else None


def has_work(store: Store, job: Job) -> bool:
    """Whether there's anything for a job: counted events for a batch, archived ones for upkeep."""
    if job.makes_version:
        return store[collections.SPEED_COMMITS].find_one({}, {"_id": 1}) is not None
    told = store[collections.ARCHIVE_COVERAGE].find_one({"_id": "archive"})
    return bool(told and sum(told["until"].values()))
