"""`playcount archive`: upkeep of the raw events, and the proof that none is missing."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from batch.command import SUBMIT, Command, Work, outcome

if TYPE_CHECKING:
    from listens.store import Document

app = typer.Typer(
    no_args_is_help=True,
    help="Compact the archive of raw events, and prove that it's complete.",
)

_AS_JSON = typer.Option(False, "--json", help="One JSON document instead of sentences.")
_MIB = 1 << 20


@app.command()
def optimize(
    retention_hours: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="How long files stay after they left the table, so that whoever reads it can end; "
            "PLAYCOUNT_ARCHIVE_RETENTION_HOURS without it",
        ),
    ] = None,
    submit: bool | None = SUBMIT,
    as_json: bool = _AS_JSON,
) -> None:
    """Make large files of small ones, and delete files that have left the table.

    Old checkpoints that no query goes on, and what dead jobs left on HDFS, are deleted, too. Safe
    while events are streaming and while others read.
    """
    from batch.archive import upkeep

    def do(started: Command) -> Document:
        done = upkeep.optimize(
            started.spark(),
            started.store,
            settings=started.settings,
            tell=started.tell,
            retention_hours=retention_hours,
        )
        return asdict(done)

    wish = () if retention_hours is None else ("--retention-hours", str(retention_hours))
    work = Work("archive optimize", ("archive", "optimize", *wish), upkeep.STEPS, do)
    done = outcome(work, submit=submit)
    if as_json:
        typer.echo(json.dumps(done))
        return
    typer.echo(f"table: {_sized(done['table_before'])} → {_sized(done['table_after'])}")
    typer.echo(
        f"disk:  {_sized(done['disk_before'])} → {_sized(done['disk_after'])}; what has left the "
        f"table stays for {done['retention_hours']:g} hours"
    )
    for what in ("checkpoints", "staging"):
        if done[what]:
            typer.echo(f"old {what} removed: {', '.join(done[what])}")


@app.command()
def check(submit: bool | None = SUBMIT, as_json: bool = _AS_JSON) -> None:
    """Prove that each offset is there, and that the speed layer has counted the same listens.

    Exit status 1 when anything is missing, each gap a line.
    """
    from batch.archive import check as checking

    def do(started: Command) -> Document:
        found = checking.check(
            started.spark(), started.store, settings=started.settings, tell=started.tell
        )
        return asdict(found)

    work = Work("archive check", ("archive", "check"), checking.STEPS, do)
    found = outcome(work, submit=submit)
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _print_check(found)
    raise typer.Exit(1 if found["problems"] else 0)


def _print_check(found: Document) -> None:
    for partition in found["partitions"]:
        typer.echo(
            f"partition {partition['number']}: {partition['offsets']:,} offsets of "
            f"{partition['beginning']:,} to {partition['until']:,}, "
            f"{partition['repeats']:,} repeats"
        )
    for problem in found["problems"]:
        typer.echo(problem)
    if not found["problems"]:
        typer.echo(
            f"every offset is there once or more; {found['events']:,} listens up to commit "
            f"{found['commit']}, as the speed layer has counted"
        )


def _sized(size: Document) -> str:
    return f"{size['files']:,} files, {size['bytes'] / _MIB:,.1f} MiB"
