"""The demo: from nothing to charts that grow while one looks."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from listens.errors import PlaycountError, UserMistakeError
from listens.settings import Settings
from stack.bringing_up import bring_up
from stack.charts import print_charts
from stack.environment import this_environment
from stack.layout import layout
from stack.lifecycle import down, stop
from stack.positions import read_positions
from stack.probes import api_url
from stack.processes import NAMES, choose, settings_environment
from stack.supervisor import Supervisor
from stack.topic import topic_reader

SIMULATED_ROWS = 5_000
# With the defaults, a dashboard would show nothing of a replay for an hour, and the batch would
# wait half a minute for the archive.
DEMO_SETTINGS = {"dashboard_poll_seconds": 10, "archive_trigger_seconds": 5}
# The charts are exact without a batch run, too: for a few replayed events, none is started.
BATCH_FROM_EVENTS = 1_000
CHILD_STOP_SECONDS = 15


class Demo:
    """One run of the demo."""

    def __init__(
        self, settings: Settings, files: list[Path], *, listener: str, rate: float
    ) -> None:
        self._settings = settings.model_copy(update=DEMO_SETTINGS)
        self._listener = listener
        self._rate = rate
        self._files = files
        self._console = Console()

    def run(self, *, once: bool) -> None:
        """Show the charts; then replay until Ctrl-C, unless `once`."""
        if self._settings.access == "on":
            raise UserMistakeError(
                "the demo prints charts without saying who asks; give PLAYCOUNT_ACCESS=off, or "
                "start the parts with ./playcount up"
            )
        for path in self._files:
            if not path.exists():
                raise UserMistakeError(f"no file {path}")
        # A shell that starts it in the background has SIGINT ignored.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        with _own_components(self._settings) as names:
            self._load(names)
            print_charts(self._settings, self._console)
            self._console.print(f"Dashboard: {api_url(self._settings)}", highlight=False)
            if not once:
                self._replay()

    def _load(self, names: tuple[str, ...]) -> None:
        simulated = not self._files
        if simulated:
            self._files = [self._simulated()]
        # Streaming, a JVM, isn't waited for: it starts while the files are sent to Kafka.
        bring_up(self._settings, names, wait_for_streaming=False)
        if simulated and read_positions(self._settings).batch_version is not None:
            self._console.print("The history of the last demo is still there.")
            return
        for path in self._files:
            self._playcount("import", str(path), "--listener", self._listener, "--wait")
        if _events_without_batch(self._settings) >= BATCH_FROM_EVENTS:
            submit = ("--submit",) if self._settings.is_cluster else ()
            self._playcount("batch", "run", *submit)

    def _simulated(self) -> Path:
        path = layout(self._settings).home / "demo" / "spotify_history.csv"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_name("half_written.csv")
            size = ("--rows", str(SIMULATED_ROWS), "--seed", "7")
            self._playcount("simulate", *size, "--out", str(half))
            half.rename(path)
        return path

    def _replay(self) -> None:
        self._console.print("Replaying as if played now; Ctrl-C ends it.")
        rate = ("--rate", f"{self._rate:g}", "--loop", "--shift-to-now")
        try:
            self._playcount("replay", str(self._files[0]), *rate, "--listener", self._listener)
        except KeyboardInterrupt:
            return  # the way in which a demo ends

    def _playcount(self, *arguments: str) -> None:
        self._console.out(f"$ playcount {shlex.join(arguments)}", style="bold", highlight=False)
        environment = this_environment()
        command = [str(environment.python), str(environment.checkout / "playcount"), *arguments]
        # A group of its own: Ctrl-C comes to this process alone, which passes it on once.
        child = subprocess.Popen(
            command,
            env={**os.environ, **settings_environment(self._settings)},
            stdin=subprocess.DEVNULL,
            process_group=0,
        )
        try:
            code = child.wait()
        except KeyboardInterrupt:
            _interrupt(child)
            raise
        if code != 0:
            raise PlaycountError(f"`playcount {shlex.join(arguments)}` failed with exit {code}")


def _interrupt(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGINT)
    try:
        child.wait(timeout=CHILD_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@contextmanager
def _own_components(settings: Settings) -> Iterator[tuple[str, ...]]:
    """The names of all components; at the end those that didn't run before are stopped."""
    supervisor = Supervisor(settings)
    had_supervisor = supervisor.is_running()
    before = [name for name, state in supervisor.states().items() if state.is_kept_up]
    try:
        yield tuple(name for name in choose(settings, "") if name not in before) or ()
    finally:
        # From here on a second Ctrl-C would leave half of it running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if had_supervisor:
            stop(settings, tuple(name for name in NAMES if name not in before))
        else:
            down(settings)


def _events_without_batch(settings: Settings) -> int:
    """Events that the current batch version doesn't hold."""
    with topic_reader(settings) as reader:
        end = reader.end_offsets()
    covered = read_positions(settings).batch.until
    return sum(end.values()) - sum(covered.values())
