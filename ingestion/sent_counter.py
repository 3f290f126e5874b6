"""A line on the terminal that shows how many were sent, and how many a second."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

SHOW_SECONDS = 0.2


class SentCounter:
    """Counts and shows while it's entered; `sent` is raised by whoever sends."""

    def __init__(self) -> None:
        self.sent = 0
        self._began = self._shown = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
        )
        self._task = self._progress.add_task("sent 0")

    def __enter__(self) -> SentCounter:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show_sometimes(self) -> None:
        """Show the count, unless it was shown a moment ago."""
        now = time.monotonic()
        if now - self._shown < SHOW_SECONDS:
            return
        self._shown = now
        rate = self.sent / (now - self._began)
        self._progress.update(self._task, description=f"sent {self.sent:,} ({rate:,.0f}/s)")
        self._progress.refresh()
