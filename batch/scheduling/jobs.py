"""The jobs of the scheduler: the one table to extend, and the one place of their commands."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from listens.settings import CHECKOUT, Settings


@dataclass(frozen=True)
class Job:
    """Something that runs by itself, as a `./playcount` command of its own.

    Attributes:
        name: what MongoDB, the log and the status call it.
        arguments: of `./playcount`.
        cron: when, five fields in the reporting time zone; empty for never.
        makes_version: it recounts history: it waits for any other batch, is left out when a
            version was begun since, and runs after large imports too.
    """

    name: str
    arguments: tuple[str, ...]
    cron: str
    makes_version: bool = False


def jobs(settings: Settings) -> tuple[Job, ...]:
    """All jobs; of two that are due at once, the first goes first."""
    nightly = settings.batch_schedule
    return (
        Job("batch", ("batch", "run"), nightly, makes_version=True),
        Job("archive", ("archive", "optimize"), settings.archive_schedule),
    )


def command_line(job: Job) -> list[str]:
    """The program and arguments of a job's process; the profile says whether YARN runs it."""
    return [sys.executable, str(CHECKOUT / "playcount"), *job.arguments]
