"""`playcount rebuild`: MongoDB from the archive."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from batch.command import command

app = typer.Typer()


@app.command()
def rebuild(
    force: Annotated[
        bool,
        typer.Option("--force", help="Drop what is in the database, but for imports and erasures"),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document")] = False,
) -> None:
    """Make everything in MongoDB again from the archive, after MongoDB was lost.

    Streaming must be stopped; started again, it goes on from Kafka where the archive ends. Of
    imports only what reached Kafka is known.
    """
    from batch.rebuild import rebuild as rebuilding

    with command("rebuild", rebuilding.STEPS) as started:
        version = rebuilding.rebuild(
            started.spark(),
            started.store,
            settings=started.settings,
            force=force,
            tell=started.tell,
        )
    if as_json:
        shown = {name: version[name] for name in ("events", "cells", "cut", "seconds")}
        typer.echo(json.dumps({"version": version["_id"], **shown}))
    else:
        typer.echo(
            f"version {version['_id']} is published with {version['events']:,} listens; "
            "start streaming, and it goes on where the archive ends: ./playcount up"
        )
