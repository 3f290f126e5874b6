"""Starting and stopping the stack."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from listens.errors import PlaycountError, ServiceDownError
from listens.reach import check_reach
from listens.settings import Settings
from stack.hadoop import format_namenode, write_configuration
from stack.kafka import format_storage, write_properties
from stack.layout import layout
from stack.leftovers import stop_leftovers
from stack.preflight import check_disk, check_memory, check_ports
from stack.probes import why_not_ready
from stack.processes import CLUSTER_SERVICES, SINK_COMPONENTS, has_local_cluster, process_table
from stack.steps import tail
from stack.supervisor import ProcessState, Supervisor

READY_SECONDS = 180  # a cold Spark start on a loaded machine of two cores took 60
POLL_SECONDS = 0.2
MOST_DEATHS = 4  # while `up` waits; afterwards the supervisor goes on trying
LOG_LINES = 12
# One after the other, before all the rest: a commit or a batch under way ends while MongoDB is
# there; and a NodeManager says goodbye to its ResourceManager, for a quarter of an hour if need be.
STOPPED_FIRST = ("scheduler", *SINK_COMPONENTS, "streaming", "history", "nodemanager")

# Called as (name, why it isn't ready yet, or None once it is).
Progress = Callable[[str, str | None], None]


def start(settings: Settings, names: tuple[str, ...]) -> tuple[str, ...]:
    """Start those of `names` that aren't up, without waiting for them; returns these.

    Raises:
        UserMistakeError: a port is taken, the disk is full, or others could reach the API unasked.
        PlaycountError: Java or mongod is missing, or the supervisor doesn't start.
    """
    places = layout(settings)
    places.make_folders()
    with _lifecycle_lock(settings):
        supervisor = Supervisor(settings)
        if not supervisor.is_running():
            stop_leftovers(settings)  # they'd hold the ports and the data folders
        if "api" in names:
            check_reach(settings)
        check_disk(settings)
        check_memory(settings)
        write_properties(settings)
        if has_local_cluster(settings):
            write_configuration(settings)
        supervisor.write_config()
        if supervisor.is_running():
            supervisor.apply_config(names)
        before = supervisor.states()
        chosen = [process for process in process_table(settings) if process.name in names]
        new = [p for p in chosen if p.name not in before or not before[p.name].is_kept_up]
        check_ports(settings, new)
        supervisor.ensure_running()
        _start_all(settings, supervisor, [process.name for process in new])
    return tuple(process.name for process in new)


def wait_until_ready(
    settings: Settings,
    names: tuple[str, ...],
    *,
    progress: Progress,
    timeout_seconds: float = READY_SECONDS,
) -> None:
    """Wait until each of `names` works.

    Raises:
        ServiceDownError: one dies again and again, or isn't ready in time.
    """
    supervisor = Supervisor(settings)
    deadline = time.monotonic() + timeout_seconds
    pids: dict[str, set[int]] = {name: set() for name in names}
    waiting = list(names)
    while waiting:
        states = supervisor.states()
        for name in list(waiting):
            state = states.get(name) or ProcessState(name, "STOPPED", 0, 0, "")
            reason = _why_waiting(settings, state)
            progress(name, reason)
            if reason is None:
                waiting.remove(name)
                continue
            if name in CLUSTER_SERVICES or not set(waiting) & set(CLUSTER_SERVICES):
                # Before their services answer, streaming and API may die without being broken.
                pids[name].add(state.pid)
            if len(pids[name]) > MOST_DEATHS or time.monotonic() > deadline:
                raise _gave_up(settings, state, reason)
        if waiting:
            time.sleep(POLL_SECONDS)


def stop(settings: Settings, names: tuple[str, ...]) -> None:
    """Stop some processes; the supervisor and the others go on."""
    with _lifecycle_lock(settings):
        supervisor = Supervisor(settings)
        kept_up = [name for name, state in supervisor.states().items() if state.is_kept_up]
        first = [name for name in STOPPED_FIRST if name in names]
        for name in [*first, *(name for name in names if name not in first)]:
            if name in kept_up:
                supervisor.stop(name)


def down(settings: Settings) -> None:
    """Stop everything, also what a killed supervisor left behind."""
    places = layout(settings)
    if not places.lock.parent.exists():
        return
    with _lifecycle_lock(settings):
        supervisor = Supervisor(settings)
        if supervisor.is_running():
            for name in (name for name in STOPPED_FIRST if name in supervisor.states()):
                supervisor.stop(name)
            supervisor.stop_all()
            supervisor.shut_down()
            _wait_for_end(supervisor)
        stop_leftovers(settings)
        places.supervisor_socket.unlink(missing_ok=True)
        places.supervisor_pid.unlink(missing_ok=True)


def _start_all(settings: Settings, supervisor: Supervisor, names: list[str]) -> None:
    # Last, because a new data folder needs seconds of formatting, in which the others start.
    formats = {"namenode": format_namenode, "kafka": format_storage}
    for name in names:
        if name not in formats:
            supervisor.start(name)
    for name in (name for name in formats if name in names):
        formats[name](settings)
        supervisor.start(name)


def _why_waiting(settings: Settings, state: ProcessState) -> str | None:
    if state.state not in ("STARTING", "RUNNING"):
        return f"{state.state.lower()} {state.error}".strip()
    return why_not_ready(state.name, settings, datetime.fromtimestamp(state.started_at, UTC))


def _gave_up(settings: Settings, state: ProcessState, reason: str) -> PlaycountError:
    log = layout(settings).log(state.name)
    lines = "\n".join(tail(log, LOG_LINES))
    return ServiceDownError(
        f"{state.name} doesn't get ready ({reason}); look into {log} or type "
        f"`playcount logs {state.name}`; its last lines:\n{lines}"
    )


def _wait_for_end(supervisor: Supervisor) -> None:
    while supervisor.is_running():
        time.sleep(POLL_SECONDS / 2)


@contextmanager
def _lifecycle_lock(settings: Settings) -> Iterator[None]:
    """Two of `up` and `down` at the same time would undo each other's work."""
    with layout(settings).lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
