"""A job's process: a child, so that a batch's memory is free again when it's done."""

from __future__ import annotations

import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass

import psutil

from batch.scheduling.runs import Outcome, Run
from batch.versions import BUSY_EXIT

_OUTCOMES: dict[int, Outcome] = {0: "ok", BUSY_EXIT: "busy"}

STOP_SECONDS = 20
"""From SIGINT to SIGKILL: `up` gives the scheduler 30 s to end."""


@dataclass(frozen=True)
class Child:
    """A run and its process."""

    run: Run
    process: subprocess.Popen[bytes]

    def outcome(self) -> Outcome | None:
        """How it ended; None while it runs."""
        code = self.process.poll()
        return None if code is None else _OUTCOMES.get(code, "failed")

    def stop(self) -> None:
        """Let it end in order, as by Ctrl-C: the batch gives its number back; then by force."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(self.process.pid)
            self.process.wait()


def start(run: Run, command: list[str]) -> Child:
    """Start the process; what it says goes where the scheduler's own words go.

    It stays in the scheduler's process group: what kills the group kills it, too.
    """
    return Child(run, subprocess.Popen(command, stdin=subprocess.DEVNULL))


def _kill(pid: int) -> None:
    top = psutil.Process(pid)
    for process in [*top.children(recursive=True), top]:
        with suppress(psutil.NoSuchProcess):  # it has just ended
            process.kill()
