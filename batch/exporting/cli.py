"""`playcount export listens`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch.command import Command, Work, outcome
from listens.errors import UserMistakeError
from listens.windows import END_DAY, FIRST_DAY, Span, day_number, parse_window

if TYPE_CHECKING:
    from listens.store import Document

app = typer.Typer()

_DATES = ["%Y-%m-%d"]


@app.command("listens")
def export_listens(
    window: Annotated[str, typer.Option(help="A year, month, ISO week or day")] = "all",
    first: Annotated[datetime | None, typer.Option("--from", formats=_DATES)] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=_DATES, help="The day after the last")
    ] = None,
    listener: Annotated[str | None, typer.Option(help="Only this listener's")] = None,
    csv: Annotated[Path | None, typer.Option(help="A CSV file")] = None,
    jsonl: Annotated[Path | None, typer.Option(help="A file of JSON Lines")] = None,
    parquet: Annotated[Path | None, typer.Option(help="A Parquet file")] = None,
) -> None:
    """Write raw listens from the archive, each once, in the order of time.

    Without a file they go to standard output as CSV. Memory is bounded, however many there are;
    the disk beside the file holds them twice meanwhile.

        playcount export listens --window 2026-01 --parquet january.parquet

        playcount export listens --listener anna --jsonl anna.jsonl
    """
    from batch.exporting import listens
    from listens.tables import target_of

    span = _span(window, first, end)
    target = target_of(csv=csv, jsonl=jsonl, parquet=parquet)

    def do(started: Command) -> Document:
        done = listens.export(
            started.spark(),
            started.store,
            settings=started.settings,
            target=target,
            span=span,
            listener=listener,
            tell=started.tell,
        )
        return asdict(done)

    # Here in every profile: the file is to be on this machine.
    work = Work("export listens", ("export", "listens"), listens.STEPS, do)
    typer.echo(json.dumps(outcome(work, submit=False)), err=True)


def _span(window: str, first: datetime | None, end: datetime | None) -> Span:
    if first is None and end is None:
        return parse_window(window)
    if window != "all":
        raise UserMistakeError("give --window, or --from and --to, not both")
    span = Span(
        FIRST_DAY if first is None else day_number(first.date()),
        END_DAY if end is None else day_number(end.date()),
    )
    if span.end <= span.first:
        raise UserMistakeError("--to is the day after the last, so it has to be later than --from")
    return span
