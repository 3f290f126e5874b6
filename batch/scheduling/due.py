"""When a job is due: calculation alone, with the clock and the facts handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

from cronsim import CronSim

from batch.scheduling.runs import Run

MOST_ATTEMPTS = 2
"""What was cut off is made up once: what brings a machine down must not do so for ever."""

IMPORT_QUIET = timedelta(seconds=60)
"""An import is over when nothing of it has been counted for so long."""

BUSY_PAUSE = timedelta(seconds=10)
"""Between two tries of a run that met another batch."""

RETRY_AFTER = timedelta(hours=1)
"""What an import has started, and what failed, isn't started again by the same import before."""


@dataclass(frozen=True)
class Facts:
    """What the store says at one moment.

    Attributes:
        covered_at: when the newest version began, which holds what came before; None for a job
            that makes no version, and before the first.
        imported: new events of imports that no version holds.
        imported_at: when the last of them was counted.
    """

    covered_at: datetime | None = None
    imported: int = 0
    imported_at: datetime | None = None


@dataclass(frozen=True)
class Due:
    """A run that is to begin, and why."""

    slot: datetime
    attempt: int
    reason: str


@dataclass(frozen=True)
class Schedule:
    """The times of a cron expression in a zone, and by how much each may be late.

    As in Debian's cron, a time that a day of 23 hours doesn't have comes at the end of the gap,
    and one that a day of 25 hours has twice comes once, at the first.

    Attributes:
        expression: five fields; empty for none at all.
        zone: IANA name.
        jitter_seconds: the greatest delay.
        seed: what the delay hangs on beside the time: another machine has another.
    """

    expression: str
    zone: str
    jitter_seconds: float = 0
    seed: str = ""

    def next(self, now: datetime) -> datetime | None:
        """When the first run after `now` is due."""
        slot = self._next_slot(now - timedelta(seconds=self.jitter_seconds))
        while slot is not None and self.due_at(slot) <= now:
            slot = self._next_slot(slot)
        return slot and self.due_at(slot)

    def latest(self, now: datetime) -> datetime | None:
        """The last time at or before `now`, without its delay."""
        if not self.expression:
            return None
        # Backwards, an hour that comes twice is passed over, so the last steps go forwards.
        before = self._local(now - timedelta(days=1))
        slot = next(CronSim(self.expression, before, reverse=True), None)
        latest = slot and slot.astimezone(UTC)
        following = self._next_slot(latest or before)
        while following is not None and following <= now:
            latest, following = following, self._next_slot(following)
        return latest

    def due_at(self, slot: datetime) -> datetime:
        """A time with its delay: the same at each call, so that what is shown is what happens."""
        digest = blake2b(f"{self.seed} {slot.timestamp():.0f}".encode(), digest_size=8).digest()
        share = int.from_bytes(digest) / 2**64
        return slot + timedelta(seconds=share * self.jitter_seconds)

    def _next_slot(self, after: datetime) -> datetime | None:
        if not self.expression:
            return None
        for slot in CronSim(self.expression, self._local(after)):
            # In the second pass of an hour that comes twice, the first is named again.
            if slot.astimezone(UTC) > after:
                return slot.astimezone(UTC)
        return None

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.zone))


def due(
    last: Run, schedule: Schedule, *, now: datetime, facts: Facts, after_events: int
) -> Due | None:
    """The run that is to begin now, or none.

    Of several times that were missed, only the last is made up.

    Args:
        last: the job's newest run, on whatever machine.
        schedule: when the job runs.
        now: the clock.
        facts: what the store says.
        after_events: events of imports that are worth a run; 0 for never.
    """
    if last.is_alive(now):
        return None
    if last.was_cut_off and not _covers(facts, last.started_at):
        if last.outcome == "busy":
            is_time = last.ended_at is None or now - last.ended_at >= BUSY_PAUSE
            return Due(last.slot, last.attempt, last.reason) if is_time else None
        if last.attempt < MOST_ATTEMPTS:
            return Due(last.slot, last.attempt + 1, f"{last.reason}, again as it was cut off")
    slot = schedule.latest(now)
    is_new = slot is not None and slot > last.slot and not _covers(facts, slot)
    if slot and is_new and schedule.due_at(slot) <= now:
        return Due(slot, 1, "schedule")
    if _is_worth_a_run(facts, now=now, after_events=after_events) and not _failed_lately(last, now):
        return Due(last.slot, 1, f"{facts.imported:,} imported events")
    return None


def _covers(facts: Facts, moment: datetime) -> bool:
    return facts.covered_at is not None and facts.covered_at >= moment


def _is_worth_a_run(facts: Facts, *, now: datetime, after_events: int) -> bool:
    return (
        0 < after_events <= facts.imported
        and facts.imported_at is not None
        and now - facts.imported_at >= IMPORT_QUIET
    )


def _failed_lately(last: Run, now: datetime) -> bool:
    return (
        last.outcome == "failed"
        and last.ended_at is not None
        and (now - last.ended_at < RETRY_AFTER)
    )
