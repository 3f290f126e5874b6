"""The status as text for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from listens import bulk_loads
from stack.cluster_status import cluster_json, cluster_lines
from stack.status import ComponentHealth, Status


def status_json(status: Status) -> dict[str, Any]:
    """The status as plain values."""
    commit = status.last_commit
    return {
        "healthy": status.is_healthy,
        "components": [asdict(part) for part in status.components],
        "end_offsets": status.end_offsets,
        "behind": {layer: asdict(lag) for layer, lag in status.lags.items()},
        "batch_version": status.batch_version,
        "last_commit": {"seq": commit["_id"], "at": _iso(commit.get("at"))} if commit else None,
        "bulk_loads": [_bulk_load_json(load) for load in status.bulk_loads],
        "schedule": _schedule_json(status.schedule) if status.schedule else None,
        **({"cluster": cluster_json(status.cluster)} if status.cluster else {}),
        "problems": status.problems,
    }


def print_status(status: Status, console: Console) -> None:
    """Two tables and a few lines."""
    console.print(_components(status.components))
    if status.end_offsets is not None:
        ends = ", ".join(f"{key}: {end:,}" for key, end in status.end_offsets.items())
        total = sum(status.end_offsets.values())
        console.print(f"Topic: {total:,} events (end offsets {ends or 'none, no topic yet'})")
    if status.lags:
        console.print(_lags(status))
    commit = status.last_commit
    if commit:
        console.print(f"Last commit: {commit['_id']} at {_iso(commit.get('at'))}")
    if status.batch_version is not None:
        console.print(f"Batch version: {status.batch_version}")
    for line in _lines(status):
        console.print(line, highlight=False, soft_wrap=True)
    for problem in status.problems:
        console.print(f"[red]✗[/] {escape(problem)}", highlight=False)


def _lines(status: Status) -> Iterator[str]:
    yield from map(_bulk_load_line, status.bulk_loads)
    if status.schedule:
        yield from _schedule_lines(status.schedule)
    if status.cluster:
        yield from cluster_lines(status.cluster)


def _bulk_load_json(load: dict[str, Any]) -> dict[str, Any]:
    shown = {name: load.get(name) for name in ("state", "rows", "events")}
    return {"load": load["_id"], **shown, "started_at": _iso(load["started_at"])}


def _bulk_load_line(load: dict[str, Any]) -> str:
    name = f"Bulk load {load['_id']}"
    if load["state"] == bulk_loads.SEALED:
        return f"{name}: {load['events']:,} events count from the next batch on"
    since = _iso(load["touched_at"])
    return f"{name}: {load['state']} since {since}; where it was stopped, repeat its import"


def _schedule_json(schedule: dict[str, Any]) -> dict[str, Any]:
    jobs = {
        job: {
            "next": _iso(following),
            "last": {
                name: _iso(value) if isinstance(value, datetime) else value
                for name, value in schedule["last"].get(job, {}).items()
            }
            or None,
        }
        for job, following in schedule["next"].items()
    }
    return {name: schedule[name] for name in ("running", "waiting_for")} | {"jobs": jobs}


def _schedule_lines(schedule: dict[str, Any]) -> Iterator[str]:
    for job, following in schedule["next"].items():
        line = f"Scheduled {escape(job)}: next {_iso(following) or 'never'}"
        last = schedule["last"].get(job)
        if last and last["number"]:
            colour = "red" if last["outcome"] == "failed" else "default"
            about = f"{last['outcome']}, {last['reason']}, {_iso(last['started_at'])}"
            line += f"; last run [{colour}]{escape(about)}[/]"
        yield line
    if schedule["waiting_for"]:
        yield f"The scheduler waits for {escape(schedule['waiting_for'])}"


def _components(components: list[ComponentHealth]) -> Table:
    table = Table("component", "state", box=None, pad_edge=False)
    for heading in ("pid", "up", "memory"):
        table.add_column(heading, justify="right")
    table.add_column("health", overflow="fold")
    for part in components:
        table.add_row(
            part.name,
            part.state,
            str(part.pid or "–"),
            _duration(part.uptime_seconds),
            "–" if part.memory_mb is None else f"{part.memory_mb:,.0f} MB",
            "[green]ok[/]" if part.problem is None else f"[red]{escape(part.problem)}[/]",
        )
    return table


def _lags(status: Status) -> Table:
    table = Table("layer", box=None, pad_edge=False)
    table.add_column("events behind", justify="right")
    table.add_column("for", justify="right")
    for layer, lag in status.lags.items():
        table.add_row(layer, f"{lag.events:,}", _duration(lag.seconds) if lag.events else "–")
    return table


def _duration(seconds: float | None) -> str:
    return "–" if seconds is None else str(timedelta(seconds=round(seconds)))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
