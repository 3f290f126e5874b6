"""`playcount rebuild`: MongoDB from the archive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from batch.command import SUBMIT, Command, Work, outcome

if TYPE_CHECKING:
    from listens.store import Document

app = typer.Typer()


@app.command()
def rebuild(
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Drop what is in the database, but for imports, erasures and users"
        ),
    ] = False,
    submit: bool | None = SUBMIT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document")] = False,
) -> None:
    """Make everything in MongoDB again from the archive, after MongoDB was lost.

    Streaming must be stopped; started again, it goes on from Kafka where the archive ends. Of
    imports only what reached Kafka is known.
    """
    from batch.rebuild import rebuild as rebuilding

    def do(started: Command) -> Document:
        version = rebuilding.rebuild(
            started.spark(),
            started.store,
            settings=started.settings,
            force=force,
            tell=started.tell,
        )
        shown = {name: version[name] for name in ("events", "cells", "cut", "seconds")}
        return {"version": version["_id"], **shown}

    wish = ("--force",) if force else ()
    version = outcome(Work("rebuild", ("rebuild", *wish), rebuilding.STEPS, do), submit=submit)
    if as_json:
        typer.echo(json.dumps(version))
    else:
        typer.echo(
            f"version {version['version']} is published with {version['events']:,} listens; "
            "start streaming, and it goes on where the archive ends: ./playcount up"
        )
