"""`playcount batch`: recount history, list versions, roll back."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from listens.store import Document

app = typer.Typer(
    no_args_is_help=True,
    help="Recount history from the raw events, list the versions, roll back to the one before.",
)

_AS_JSON = typer.Option(False, "--json", help="One JSON document instead of tables.")


@app.command()
def run(as_json: bool = _AS_JSON) -> None:
    """Recount everything from the raw events, audit the result, and publish it.

    The API goes on answering from the version before until the new one is complete; then one
    swap of a pointer publishes it. A recount that differs from the running count is reported
    with the keys that differ, and not published.
    """
    from rich.console import Console

    from batch import recount
    from listens.aggregation.session import spark_session
    from listens.settings import load_settings
    from listens.store import connect

    console = Console(stderr=True)
    settings = load_settings()
    logging.basicConfig(level=logging.WARNING)
    with console.status("batch") as status:
        began = time.monotonic()

        def tell(step: str) -> None:
            place = recount.STEPS.index(step) + 1
            seconds = time.monotonic() - began
            console.print(f"[dim]{place}/{len(recount.STEPS)} at {seconds:5.1f} s[/dim] {step}")
            status.update(f"batch: {step}")

        store = connect(settings)
        spark = spark_session(
            settings, "playcount batch", shuffle_partitions=recount.SHUFFLE_PARTITIONS
        )
        try:
            version = recount.run(spark, store, settings=settings, tell=tell)
        finally:
            spark.stop()
    if as_json:
        typer.echo(json.dumps(_shown(version), default=str))
    else:
        typer.echo(
            f"version {version['_id']}: {version['events']:,} events up to commit "
            f"{version['cut_seq']} in {version['seconds']} s; audit: {version['audit']}"
        )


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
    table = Table("version", "state", "cut", "events", "seconds", "at", "audit")
    for version in found:
        mark = " ← current" if version["_id"] == current else ""
        told = [str(version.get(name, "")) for name in ("cut_seq", "events", "seconds")]
        at = f"{version.get('at', version['started_at']):%Y-%m-%d %H:%M:%S}"
        why = version.get("audit", version.get("why", ""))
        table.add_row(f"{version['_id']}{mark}", version["state"], *told, at, why)
    Console().print(table)


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


def _shown(version: Document) -> dict[str, Any]:
    """A version without the manifest of its windows, which has a line a month."""
    shown = {name: value for name, value in version.items() if name != "windows"}
    shown["version"] = shown.pop("_id")
    return shown | {"windows": len(version.get("windows", {}))}
