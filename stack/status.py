"""The health of the stack, collected: components, topic, and how far each layer is behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psutil

from listens.errors import ServiceDownError
from listens.settings import Settings
from stack.cluster_status import ClusterStatus, read_cluster
from stack.lag import Lag, lag
from stack.positions import Position, Positions, read_positions
from stack.probes import why_not_healthy
from stack.processes import process_table
from stack.sink_groups import sink_offsets
from stack.supervisor import ProcessState, Supervisor
from stack.topic import TopicReader, topic_reader

LAYERS = ("archive", "speed", "batch")


@dataclass(frozen=True)
class ComponentHealth:
    """One component as the status shows it."""

    name: str
    state: str
    pid: int | None
    uptime_seconds: float | None
    memory_mb: float | None  # resident, of the process and all below it
    problem: str | None  # none when it works


@dataclass(frozen=True)
class Status:
    """Everything that `playcount status` says."""

    components: list[ComponentHealth]
    end_offsets: dict[str, int] | None = None
    lags: dict[str, Lag] = field(default_factory=dict)
    batch_version: int | None = None
    last_commit: dict[str, Any] | None = None
    schedule: dict[str, Any] | None = None
    cluster: ClusterStatus | None = None
    bulk_loads: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def is_healthy(self) -> bool:
        """Every component works, and nothing failed while asking."""
        return not self.problems and not any(part.problem for part in self.components)


def read_status(settings: Settings) -> Status:
    """Ask every component; one that is down is a line of the answer, not an error."""
    states = Supervisor(settings).states()
    names = [process.name for process in process_table(settings)]
    # At once: each that is down costs its time-out.
    with ThreadPoolExecutor() as pool:
        numbers = pool.submit(_layers, settings)
        cluster = pool.submit(read_cluster, settings) if settings.is_cluster else None
        components = list(
            pool.map(lambda name: _component(settings, name, states.get(name)), names)
        )
        found = numbers.result()
        if cluster is not None:
            found["cluster"] = cluster.result()
            found["problems"] += found["cluster"].problems
        return Status(components, **found)


def _component(settings: Settings, name: str, state: ProcessState | None) -> ComponentHealth:
    if state is None or not state.is_kept_up:
        shown = state.state if state else "STOPPED"
        return ComponentHealth(name, shown, None, None, None, "isn't running: `playcount up`")
    started_at = datetime.fromtimestamp(state.started_at, UTC)
    problem = why_not_healthy(name, settings, started_at)
    if not state.pid:
        return ComponentHealth(name, state.state, None, None, None, problem or state.error)
    uptime = (datetime.now(UTC) - started_at).total_seconds()
    memory = _tree_memory_mb(state.pid)
    return ComponentHealth(name, state.state, state.pid, uptime, memory, problem)


def _tree_memory_mb(pid: int) -> float | None:
    try:
        top = psutil.Process(pid)
        tree = [top, *top.children(recursive=True)]
        return sum(process.memory_info().rss for process in tree) / 1e6
    except psutil.Error:  # it has just ended
        return None


def _layers(settings: Settings) -> dict[str, Any]:
    """The fields of Status that Kafka and MongoDB know, as far as they answer."""
    found: dict[str, Any] = {"problems": []}
    positions = None
    try:
        positions = read_positions(settings)
        found["batch_version"] = positions.batch_version
        found["last_commit"] = positions.last_commit
        found["schedule"] = positions.schedule
        found["bulk_loads"] = positions.bulk_loads
    except ServiceDownError as error:
        found["problems"].append(str(error))
    try:
        with topic_reader(settings) as reader:
            found["end_offsets"] = reader.end_offsets()
            layers = _by_layer(positions) if positions is not None else {}
            sinks = {name: Position(until, None) for name, until in sink_offsets(settings).items()}
            found["lags"] = _lags(reader, found["end_offsets"], layers | sinks)
    except ServiceDownError as error:
        found["problems"].append(str(error))
    return found


def _by_layer(positions: Positions) -> dict[str, Position]:
    return {layer: getattr(positions, layer) for layer in LAYERS}


def _lags(
    reader: TopicReader, end: dict[str, int], positions: dict[str, Position]
) -> dict[str, Lag]:
    now = datetime.now(UTC)
    lags = {}
    for layer, position in positions.items():
        since = reader.first_waiting_at(end, position.until) or position.at
        lags[layer] = lag(end=end, until=position.until, now=now, waiting_since=since)
    return lags
