"""Versions and changed charts as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from batch.diff import ChartChange
from listens.store import Document

_NUMBERS = ("cut_seq", "events", "cells", "seconds", "rules_version")


def versions_table(versions: Iterable[Document], *, current: int) -> Table:
    """A row a version; the current one has a star."""
    table = Table(box=None, pad_edge=False)
    table.add_column("version", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for heading in ("cut", "events", "cells", "seconds", "rules"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("at", no_wrap=True)
    table.add_column("audit", overflow="fold")
    for version in versions:
        mark = "*" if version["_id"] == current else ""
        told = [_number(version.get(name)) for name in _NUMBERS]
        at = f"{version.get('at', version['started_at']):%Y-%m-%d %H:%M}"
        why = version.get("audit", version.get("why", ""))
        table.add_row(f"{version['_id']}{mark}", version["state"], *told, at, why)
    return table


def changes_table(changes: Iterable[ChartChange]) -> Table:
    """A row a chart that isn't the same in two versions."""
    table = Table("window", "chart", "of", "keys", "plays", "streams")
    for change in changes:
        whose = f"{change.by} {change.value}".strip()
        numbers = [change.keys, change.sums["plays"], change.sums["streams"]]
        shown = [f"{was:,} → {now:,}" if was != now else f"{now:,}" for was, now in numbers]
        table.add_row(change.window, change.view, whose, *shown)
    return table


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:,}"
