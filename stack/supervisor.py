"""The supervisor: starting it, and talking to it over its socket."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import xmlrpc.client
from dataclasses import dataclass
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from listens.errors import PlaycountError
from listens.settings import Settings
from stack.layout import layout
from stack.processes import COMPONENT_VARIABLE, HOME_VARIABLE
from stack.steps import tail
from stack.supervisor_config import supervisor_config

START_SECONDS = 10
RUNNING_STATES = ("STARTING", "RUNNING", "BACKOFF")


@dataclass(frozen=True)
class ProcessState:
    """What the supervisor says of one process."""

    name: str
    state: str  # STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL, UNKNOWN
    pid: int  # 0 when it doesn't run
    started_at: float  # seconds since the epoch; 0 when it never ran
    error: str  # why it couldn't be spawned

    @property
    def is_kept_up(self) -> bool:
        """The supervisor runs it, or tries to."""
        return self.state in RUNNING_STATES


class Supervisor:
    """The supervisor of one home."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._layout = layout(settings)

    def is_running(self) -> bool:
        """It answers on its socket."""
        try:
            self._call("getState")
        except OSError:
            return False
        return True

    def states(self) -> dict[str, ProcessState]:
        """The state of each process by its name; empty when the supervisor doesn't run."""
        try:
            rows = self._call("getAllProcessInfo")
        except OSError:
            return {}
        return {row["name"]: _state(row) for row in rows}

    def ensure_running(self) -> None:
        """Start it as a daemon unless it runs.

        Raises:
            PlaycountError: it doesn't come up; the message has its last words.
        """
        if self.is_running():
            return
        command = [sys.executable, "-m", "supervisor.supervisord", "-c"]
        marked = {HOME_VARIABLE: str(self._layout.home), COMPONENT_VARIABLE: "supervisor"}
        done = subprocess.run(
            [*command, str(self._layout.supervisor_config)],
            env={**os.environ, **marked},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        deadline = time.monotonic() + START_SECONDS
        while done.returncode == 0 and time.monotonic() < deadline:
            if self.is_running():
                return
            time.sleep(0.05)
        log = self._layout.log("supervisord")
        words = "\n".join([done.stderr.strip(), *tail(log, 5)])
        raise PlaycountError(f"the supervisor didn't start; see {log}:\n{words}")

    def write_config(self) -> None:
        """Write the configuration, readable by its owner alone: settings may hold passwords."""
        config = self._layout.supervisor_config
        config.touch(mode=0o600)
        config.write_text(supervisor_config(self._settings))

    def apply_config(self, names: tuple[str, ...]) -> None:
        """Let the written configuration hold for `names`; those that it changes are stopped."""
        ((added, changed, removed),) = self._call("reloadConfig")
        for name in names:
            if name in changed or name in removed:
                self.stop(name)
                self._call("removeProcessGroup", name)
            if name in changed or name in added:
                self._call("addProcessGroup", name)

    def start(self, name: str) -> None:
        """Start a process, without waiting, unless it's up."""
        self._call("startProcess", name, False, unless=(Faults.ALREADY_STARTED,))

    def stop(self, name: str) -> None:
        """Stop a process and wait for its end."""
        self._call("stopProcess", name, True, unless=(Faults.NOT_RUNNING, Faults.BAD_NAME))

    def stop_all(self) -> None:
        """Stop all processes at once and wait for the last."""
        self._call("stopAllProcesses", True)

    def shut_down(self) -> None:
        """End the supervisor itself."""
        self._call("shutdown", unless=(Faults.SHUTDOWN_STATE,))

    def _call(self, method: str, *arguments: object, unless: tuple[int, ...] = ()) -> Any:  # noqa: ANN401  # what XML-RPC holds
        # A transport of its own for each call: a refused one leaves a transport unusable.
        transport = SupervisorTransport(None, None, f"unix://{self._layout.supervisor_socket}")
        # The address is never used: the transport speaks over the socket.
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode in unless:
                return None
            raise PlaycountError(
                f"the supervisor refused {method}{arguments}: {fault.faultString}; "
                f"see {self._layout.log('supervisord')}"
            ) from fault


def _state(row: dict[str, Any]) -> ProcessState:
    return ProcessState(
        row["name"], row["statename"], row["pid"], float(row["start"]), row["spawnerr"]
    )
