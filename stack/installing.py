"""Installing on HDFS, shown as a bar an archive."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from listens.cluster.install import install
from listens.settings import Settings


def install_with_progress(settings: Settings) -> None:
    """Put on HDFS what isn't there yet, and say what was put."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<15}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def show(name: str, sent: int, size: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=size)
            bars.update(tasks[name], completed=sent)

        put = install(settings, tell=show)
    for archive in put:
        console.print(f"on HDFS: {archive.path}", highlight=False)
    if not put:
        console.print("on HDFS already: code, Python packages and Spark's jars")
