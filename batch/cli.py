"""`playcount batch`: recount history, compare and list versions, roll back."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batch.command import SUBMIT, Command, Work, outcome
from listens.errors import UserMistakeError
from listens.windows import Span, day_number

if TYPE_CHECKING:
    from listens.store import Document

app = typer.Typer(
    no_args_is_help=True,
    help="Recount history from the raw events; verify, compare, list and roll back versions.",
)

_DATES = ["%Y-%m-%d"]
_AS_JSON = typer.Option(False, "--json", help="One JSON document instead of tables.")


@app.command()
def run(submit: bool | None = SUBMIT, as_json: bool = _AS_JSON) -> None:
    """Recount everything from the raw events, audit the result, and publish it.

    The API goes on answering from the version before until the new one is complete; then one
    swap of a pointer publishes it. A recount that differs from the running count is reported
    with the keys that differ, and not published.
    """
    _recount(("run",), span=None, submit=submit, as_json=as_json)


@app.command()
def backfill(
    first: Annotated[datetime, typer.Option("--from", formats=_DATES, help="The first day")],
    end: Annotated[datetime, typer.Option("--to", formats=_DATES, help="The day after the last")],
    submit: bool | None = SUBMIT,
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
    arguments = ("backfill", "--from", f"{first:%Y-%m-%d}", "--to", f"{end:%Y-%m-%d}")
    _recount(arguments, span=span, submit=submit, as_json=as_json)


@app.command()
def load(
    number: Annotated[
        int, typer.Argument(help="Of the bulk load, as [b]playcount imports[/] has it")
    ],
    submit: bool | None = SUBMIT,
    as_json: bool = _AS_JSON,
) -> None:
    """Bring a staged bulk load into the archive; `playcount import --bulk` calls this.

    Stopped at any moment, it goes on by itself in the next batch, or by this command. What it
    brings counts from the next version on.
    """
    from batch.bulk import load as bulk

    def do(started: Command) -> Document:
        loaded = bulk.load(
            started.spark(),
            started.store,
            settings=started.settings,
            number=number,
            tell=started.tell,
        )
        return {name: loaded[name] for name in ("state", "rows", "events")}

    work = Work("batch load", ("batch", "load", str(number)), bulk.STEPS, do)
    loaded = outcome(work, submit=submit)
    if as_json:
        typer.echo(json.dumps({"load": number, **loaded}))
    else:
        typer.echo(
            f"bulk load {number}: {loaded['rows']:,} rows, {loaded['events']:,} of them new; "
            "charts show them after the next batch: ./playcount batch run"
        )


@app.command()
def verify(submit: bool | None = SUBMIT, as_json: bool = _AS_JSON) -> None:
    """Recount from the raw events and compare with what the API answers from; publish nothing.

    Exit status 1 when anything differs, each difference a line.
    """
    from batch import verify as verifying

    def do(started: Command) -> Document:
        problems = verifying.verify(
            started.spark(), started.store, settings=started.settings, tell=started.tell
        )
        return {"equal": not problems, "problems": problems}

    work = Work("batch verify", ("batch", "verify"), verifying.STEPS, do)
    found = outcome(work, submit=submit)
    if as_json:
        typer.echo(json.dumps(found))
    elif found["problems"]:
        typer.echo("\n".join(found["problems"]))
    else:
        typer.echo("every chart equals the recount of the raw events")
    raise typer.Exit(1 if found["problems"] else 0)


@app.command("diff")
def show_diff(
    first: Annotated[int, typer.Argument(metavar="A", help="A version")],
    second: Annotated[int, typer.Argument(metavar="B", help="Another one")],
    limit: Annotated[int, typer.Option(min=1, help="Charts that are shown at most")] = 50,
    as_json: bool = _AS_JSON,
) -> None:
    """Show the charts that changed from one version to another."""
    from rich.console import Console

    from batch.diff import diff
    from batch.tables import changes_table
    from listens.settings import load_settings
    from listens.store import connect

    changes = diff(connect(load_settings()), first, second)
    if as_json:
        typer.echo(json.dumps([asdict(change) for change in changes]))
        return
    if changes:
        Console().print(changes_table(changes[:limit]))
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

    from batch import versions
    from batch.tables import versions_table
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
    console = Console()
    console.print(versions_table(found, current=current))
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


def _recount(
    arguments: tuple[str, ...], *, span: Span | None, submit: bool | None, as_json: bool
) -> None:
    """Recount, and tell of the version."""
    from batch import recount

    def do(started: Command) -> Document:
        made = recount.run(
            started.spark(),
            started.store,
            settings=started.settings,
            tell=started.tell,
            span=span,
        )
        return _shown(made)

    work = Work("batch", ("batch", *arguments), recount.STEPS, do)
    version = outcome(work, submit=submit)
    if as_json:
        typer.echo(json.dumps(version))
    else:
        typer.echo(
            f"version {version['version']}: {version['events']:,} events up to commit "
            f"{version['cut_seq']} in {version['seconds']} s; audit: {version['audit']}"
        )


def _shown(version: Document) -> dict[str, Any]:
    """A version without the manifest of its windows, which has a line a month."""
    shown = {name: value for name, value in version.items() if name != "windows"}
    shown["version"] = shown.pop("_id")
    return shown | {"windows": len(version.get("windows", {}))}
