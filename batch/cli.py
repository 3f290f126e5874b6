"""`playcount batch`: recount history, compare and list versions, roll back."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batch.command import spark_job
from listens.errors import UserMistakeError
from listens.windows import Span, day_number

if TYPE_CHECKING:
    from listens.store import Document

app = typer.Typer(
    no_args_is_help=True,
    help="Recount history from the raw events; verify, compare, list and roll back versions.",
)

_DATES = ["%Y-%m-%d"]
_NUMBERS = ("cut_seq", "events", "cells", "seconds", "rules_version")
_SUBMIT = typer.Option(False, "--submit", help="Run it on YARN in cluster mode, and wait for it.")
_AS_JSON = typer.Option(False, "--json", help="One JSON document instead of tables.")


@app.command()
def run(submit: bool = _SUBMIT, as_json: bool = _AS_JSON) -> None:
    """Recount everything from the raw events, audit the result, and publish it.

    The API goes on answering from the version before until the new one is complete; then one
    swap of a pointer publishes it. A recount that differs from the running count is reported
    with the keys that differ, and not published.
    """
    _recount(["run"], span=None, submit=submit, as_json=as_json)


@app.command()
def backfill(
    first: Annotated[datetime, typer.Option("--from", formats=_DATES, help="The first day")],
    end: Annotated[datetime, typer.Option("--to", formats=_DATES, help="The day after the last")],
    submit: bool = _SUBMIT,
    as_json: bool = _AS_JSON,
) -> None:
    """Recount only the months that a range of days touches, and publish.

    Also the months that have got listens since the version before. All other windows are taken
    over from that version; years and all time are summed from their months. The result is that
    of `batch run`, which reads everything.
    """
    if end <= first:
        raise UserMistakeError("--to is the day after the last, so it has to be later than --from")
    span = Span(day_number(first.date()), day_number(end.date()))
    arguments = ["backfill", "--from", f"{first:%Y-%m-%d}", "--to", f"{end:%Y-%m-%d}"]
    _recount(arguments, span=span, submit=submit, as_json=as_json)


@app.command()
def load(
    number: Annotated[
        int, typer.Argument(help="Of the bulk load, as [b]playcount imports[/] has it")
    ],
    submit: bool = _SUBMIT,
    as_json: bool = _AS_JSON,
) -> None:
    """Bring a staged bulk load into the archive; `playcount import --bulk` calls this.

    Stopped at any moment, it goes on by itself in the next batch, or by this command. What it
    brings counts from the next version on.
    """
    if submit:
        from batch import submitted
        from listens import bulk_loads

        loaded = bulk_loads.one(submitted.run(["load", str(number)]), number) or {}
    else:
        from batch.bulk import load as bulk

        with spark_job("load", bulk.STEPS) as (spark, store, settings, tell):
            loaded = bulk.load(spark, store, settings=settings, number=number, tell=tell)
    if as_json:
        shown = {name: loaded[name] for name in ("state", "rows", "events")}
        typer.echo(json.dumps({"load": number, **shown}))
    else:
        typer.echo(
            f"bulk load {number}: {loaded['rows']:,} rows, {loaded['events']:,} of them new; "
            "charts show them after the next batch: ./playcount batch run"
        )


@app.command()
def verify(as_json: bool = _AS_JSON) -> None:
    """Recount from the raw events and compare with what the API answers from; publish nothing.

    Exit status 1 when anything differs, each difference a line.
    """
    from batch import verify as verifying

    with spark_job("verify", verifying.STEPS) as (spark, store, settings, tell):
        problems = verifying.verify(spark, store, settings=settings, tell=tell)
    if as_json:
        typer.echo(json.dumps({"equal": not problems, "problems": problems}))
    elif problems:
        typer.echo("\n".join(problems))
    else:
        typer.echo("every chart equals the recount of the raw events")
    raise typer.Exit(1 if problems else 0)


@app.command("diff")
def show_diff(
    first: Annotated[int, typer.Argument(metavar="A", help="A version")],
    second: Annotated[int, typer.Argument(metavar="B", help="Another one")],
    limit: Annotated[int, typer.Option(min=1, help="Charts that are shown at most")] = 50,
    as_json: bool = _AS_JSON,
) -> None:
    """Show the charts that changed from one version to another."""
    from rich.console import Console
    from rich.table import Table

    from batch.diff import diff
    from listens.settings import load_settings
    from listens.store import connect

    changes = diff(connect(load_settings()), first, second)
    if as_json:
        typer.echo(json.dumps([asdict(change) for change in changes]))
        return
    table = Table("window", "chart", "of", "keys", "plays", "streams")
    for change in changes[:limit]:
        whose = f"{change.by} {change.value}".strip()
        numbers = [change.keys, change.sums["plays"], change.sums["streams"]]
        shown = [f"{was:,} → {now:,}" if was != now else f"{now:,}" for was, now in numbers]
        table.add_row(change.window, change.view, whose, *shown)
    if changes:
        Console().print(table)
    more = f"; --limit shows more than {limit}" if len(changes) > limit else ""
    typer.echo(f"{len(changes):,} charts differ between version {first} and {second}{more}")


@app.command()
def schedule() -> None:
    """Run the batch by itself, nightly and after large imports, until Ctrl-C or SIGTERM.

    `./playcount up` runs this under its supervisor. When it runs is told by settings:

        PLAYCOUNT_BATCH_SCHEDULE='30 3 * * MON-FRI' ./playcount batch schedule

    A run that was missed while the machine was off is made up once; a batch that somebody else
    has started is waited for. docs/scheduling.md says how it works with cron, systemd or Airflow.
    """
    from batch.scheduling.scheduler import run as run_until_stopped
    from listens.settings import load_settings

    settings = load_settings()
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    run_until_stopped(settings)


@app.command("list")
def list_versions(as_json: bool = _AS_JSON) -> None:
    """Show the versions: cut, events, duration, audit; the current one is marked."""
    from rich.console import Console
    from rich.table import Table

    from batch import versions
    from listens.settings import load_settings
    from listens.store import connect

    store = connect(load_settings())
    current = versions.current(store)["_id"]
    found = versions.all_versions(store)
    if as_json:
        shown = [_shown(version) | {"current": version["_id"] == current} for version in found]
        typer.echo(json.dumps(shown, default=str))
        return
    if not found:
        typer.echo("no version yet; ./playcount batch run makes the first")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("version", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for heading in ("cut", "events", "cells", "seconds", "rules"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("at", no_wrap=True)
    table.add_column("audit", overflow="fold")
    for version in found:
        mark = "*" if version["_id"] == current else ""
        told = [_number(version.get(name)) for name in _NUMBERS]
        at = f"{version.get('at', version['started_at']):%Y-%m-%d %H:%M}"
        why = version.get("audit", version.get("why", ""))
        table.add_row(f"{version['_id']}{mark}", version["state"], *told, at, why)
    console = Console()
    console.print(table)
    if current:
        console.print("[dim]* is what the API answers from[/dim]")


@app.command()
def rollback(as_json: bool = _AS_JSON) -> None:
    """Publish the previous version again; what came since is counted by the speed layer."""
    from batch import versions
    from listens.settings import load_settings
    from listens.store import connect

    before, now = versions.rollback(connect(load_settings()))
    if as_json:
        typer.echo(json.dumps({"from": before, "to": now}))
    else:
        typer.echo(f"version {now} is current again, instead of {before}")


def _recount(arguments: list[str], *, span: Span | None, submit: bool, as_json: bool) -> None:
    """Recount here, or on YARN by the same command's arguments; tell of the version."""
    if submit:
        from batch import submitted, versions

        version = versions.current(submitted.run(arguments))
    else:
        from batch import recount

        with spark_job("batch", recount.STEPS) as (spark, store, settings, tell):
            version = recount.run(spark, store, settings=settings, tell=tell, span=span)
    if as_json:
        typer.echo(json.dumps(_shown(version), default=str))
    else:
        typer.echo(
            f"version {version['_id']}: {version['events']:,} events up to commit "
            f"{version['cut_seq']} in {version['seconds']} s; audit: {version['audit']}"
        )


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:,}"


def _shown(version: Document) -> dict[str, Any]:
    """A version without the manifest of its windows, which has a line a month."""
    shown = {name: value for name, value in version.items() if name != "windows"}
    shown["version"] = shown.pop("_id")
    return shown | {"windows": len(version.get("windows", {}))}
