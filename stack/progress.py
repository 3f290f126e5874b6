"""Waiting for the components, shown as a line each."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from listens.settings import Settings
from stack.lifecycle import wait_until_ready


def wait_with_progress(settings: Settings, names: tuple[str, ...]) -> None:
    """Wait until all of `names` work, and say on stderr which one is waited for, and why."""
    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description:<15}", table_column=Column(no_wrap=True, min_width=15)),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[reason]}[/]"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {
            name: bars.add_task(name, total=1, reason="starting") for name in names
        }

        def show(name: str, reason: str | None) -> None:
            shown = "ready" if reason is None else escape(reason)
            bars.update(tasks[name], completed=int(reason is None), reason=shown)

        wait_until_ready(settings, names, progress=show)
