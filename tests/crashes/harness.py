"""A real stack of its own, to be fed and killed: its processes, its commands and its positions."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from listens import store as collections
from listens.errors import ServiceDownError
from listens.offsets import waiting
from listens.settings import CHECKOUT, Settings
from listens.store import Document, connect
from stack import lifecycle
from stack.positions import read_positions
from stack.probes import api_url
from stack.processes import HOME_VARIABLE, choose, settings_environment
from stack.supervisor import ProcessState, Supervisor
from stack.topic import topic_reader

PATIENCE_SECONDS = 300  # a machine of two cores starts three JVMs at once while others use it
JVM_MAY_OUTLIVE_SECONDS = 60
POLL_SECONDS = 0.05
AWAY = 503

# Small and frequent commits: there is always one under way when something is killed.
SMALL_COMMITS = {
    "max_offsets_per_trigger": 1_500,
    "speed_trigger_seconds": 0.1,
    "archive_max_offsets_per_trigger": 6_000,
    "archive_trigger_seconds": 2,
}


class Stack:
    """One home with its supervisor; `rng` makes every random choice, so that a seed repeats it.

    Commands are those of `checkout`, this one unless a test deploys another.
    """

    def __init__(self, settings: Settings, *, seed: int) -> None:
        self.settings = settings.model_copy(update=SMALL_COMMITS)
        self.rng = random.Random(seed)
        # Each use waits for MongoDB as long as the tests are patient.
        self.store = collections.open_store(self.settings, timeout_seconds=PATIENCE_SECONDS)
        self.started_here: list[subprocess.Popen[str]] = []
        self.checkout = CHECKOUT
        say(f"seed {seed}, home {settings.home}")

    def up(self, *names: str) -> None:
        """Start components, all by default, and wait until they work."""
        chosen = names or choose(self.settings, "")
        lifecycle.start(self.settings, chosen)
        self.wait_until_ready(*chosen)
        connect(self.settings, timeout_seconds=PATIENCE_SECONDS).client.close()

    def wait_until_ready(self, *names: str) -> None:
        """Wait until components work."""
        lifecycle.wait_until_ready(
            self.settings,
            names,
            progress=lambda _name, _reason: None,
            timeout_seconds=PATIENCE_SECONDS,
        )

    def close(self) -> None:
        """Stop everything; whatever is left over is ended, and is an error."""
        for process in self.started_here:
            # Never one that has ended: its number may be another process's by now.
            if process.poll() is None:
                kill_tree(process.pid)
                process.wait(timeout=20)
        self.store.client.close()
        lifecycle.down(self.settings)
        with suppress(AssertionError):
            eventually(lambda: not self.processes(), "the end of all", seconds=20)
        left = [f"{process.pid} {process.cmdline()[:3]}" for process in self.processes()]
        for process in self.processes():
            process.kill()
        assert left == [], "these were left running"

    def state(self, name: str) -> ProcessState:
        """What the supervisor says of a component."""
        return Supervisor(self.settings).states()[name]

    def processes(self) -> list[psutil.Process]:
        """All processes of this home, also those that no supervisor started."""
        home = str(self.settings.home.resolve())
        return [
            process
            for process in psutil.process_iter()
            if process.pid != os.getpid() and _environment(process).get(HOME_VARIABLE) == home
        ]

    def jvm_of_streaming(self) -> psutil.Process:
        """The JVM below the supervised driver, as soon as there's one."""
        return eventually(lambda: _jvm_below(self.state("streaming").pid), "a JVM of the driver")

    def command(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Begin `./playcount` as its user does; what it prints is in files beside the home."""
        place = self.settings.home / "commands"
        place.mkdir(exist_ok=True)
        name = f"{len(self.started_here):03d}-{arguments[0]}"
        with (place / f"{name}.out").open("w") as out, (place / f"{name}.err").open("w") as err:
            process = subprocess.Popen(
                [sys.executable, str(self.checkout / "playcount"), *arguments],
                env=os.environ | settings_environment(self.settings) | environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
            )
        self.started_here.append(process)
        return process

    def output(self, process: subprocess.Popen[str], stream: str = "out") -> str:
        """What a command has printed so far."""
        number = self.started_here.index(process)
        (path,) = (self.settings.home / "commands").glob(f"{number:03d}-*.{stream}")
        return path.read_text()

    def finish(self, process: subprocess.Popen[str]) -> int:
        """Wait for a command; its exit code."""
        return process.wait(timeout=PATIENCE_SECONDS)

    def end_offsets(self) -> dict[str, int]:
        """The topic's end; waits for the broker."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with topic_reader(self.settings) as reader:
                    if ends := reader.end_offsets():
                        return ends
            except ServiceDownError:
                assert time.monotonic() < deadline, "Kafka stays away"
            time.sleep(POLL_SECONDS)

    def head(self) -> Document:
        """The last commit."""
        head = self.store[collections.SPEED_COMMITS].find_one(sort=[("_id", -1)])
        assert head is not None
        return head

    def backlog(self) -> int:
        """Messages that the speed layer hasn't counted yet."""
        return sum(waiting(end=self.end_offsets(), until=self.head()["until"]).values())

    def wait_for_commits(self, number: int) -> None:
        """Wait until the speed layer has made so many more."""
        wanted = self.head()["_id"] + number
        eventually(lambda: self.head()["_id"] >= wanted, f"commit {wanted}")

    def wait_until_settled(self) -> None:
        """Wait until speed and archive have reached the topic's end."""
        end = self.end_offsets()

        def is_settled() -> bool:
            positions = read_positions(self.settings)
            return not any(
                waiting(end=end, until=position.until)
                for position in (positions.speed, positions.archive)
            )

        eventually(is_settled, "speed and archive at the topic's end")

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Ask the API; waits while it answers that MongoDB is away."""
        url = f"{api_url(self.settings)}{path}?{urllib.parse.urlencode(query)}"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with urllib.request.urlopen(url, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != AWAY or time.monotonic() > deadline:
                    raise AssertionError(f"{url}: {error.code} {error.read()!r}") from error
            time.sleep(POLL_SECONDS)


def eventually(holds: Callable[[], Any], what: str, *, seconds: float = PATIENCE_SECONDS) -> Any:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(POLL_SECONDS)
    return found


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; one that only waits for its parent to look doesn't."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_tree(pid: int) -> None:
    """End a process and those below it, if they still run."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in [*process.children(recursive=True), process]:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs([process], timeout=20)


def signal_tree(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process and to those below it."""
    process = psutil.Process(pid)
    for each in [*process.children(recursive=True), process]:
        with suppress(psutil.NoSuchProcess):  # a JVM has children that live for milliseconds
            each.send_signal(number)


def say(text: str) -> None:
    """Print a line with the time: seen with -s, and when a test fails."""
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)


def simulate(path: Path, *, rows: int, seed: int) -> None:
    """Write a simulated history, by the command."""
    options = ["--rows", str(rows), "--seed", str(seed), "--songs", "600", "--out", str(path)]
    options += ["--format", "spotify-csv"]
    subprocess.run(
        [sys.executable, str(CHECKOUT / "playcount"), "simulate", *options],
        check=True,
        capture_output=True,
    )


def _jvm_below(pid: int) -> psutil.Process | None:
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(pid).children() if pid else []:
            if child.name() == "java":
                return child
    return None


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):  # another user's, or just gone
        return {}
