"""`playcount sink run` as a process of its own, as the supervisor and people start it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from listens.settings import CHECKOUT, Settings

PATIENCE_SECONDS = 120


class Command:
    """A sink that runs; its output is in a file."""

    def __init__(self, settings: Settings, *arguments: str) -> None:
        self.log = Path(settings.home) / f"sink-{time.monotonic_ns()}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(CHECKOUT / "playcount"), "sink", "run", *arguments],
                env={**os.environ, **settings.as_variables()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self.log.read_text()

    def end(self) -> int:
        """Wait for its end; its exit code."""
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()


class Commands:
    """Starts sinks; what still runs at the end of a test is killed."""

    def __init__(self) -> None:
        self._started: list[Command] = []

    def start(self, settings: Settings, *arguments: str) -> Command:
        """A sink that runs."""
        self._started.append(Command(settings, *arguments))
        return self._started[-1]

    def drain(self, settings: Settings, name: str, *options: str) -> str:
        """Let a sink hand over all that there is; what it said."""
        command = self.start(settings, name, "--until-drained", *options)
        assert command.end() == 0, command.output
        return command.output

    def kill_all(self) -> None:
        """End what runs."""
        for command in self._started:
            command.kill()


def eventually(holds: Callable[[], object], what: str) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)
