"""`playcount erase`: forget a listener, and prove it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from batch.command import command

app = typer.Typer()


@app.command()
def erase(
    listener: Annotated[str, typer.Argument(help="Whose listens, by the exact name")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Erase nothing; search every store, exit 1 on a find")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document")] = False,
) -> None:
    """Erase all that a listener has heard until now, in every store and every count.

    What comes later counts as new listening. A killed erasure goes on when the command is
    repeated. Files that held the listener's rows go with `playcount archive optimize`.
    """
    if verify:
        _verify(listener, as_json=as_json)
    if not yes:
        typer.confirm(
            f"Erase everything that {listener!r} has heard until now? It can't be undone.",
            abort=True,
            err=True,
        )
    from batch.erasure import erase as erasing

    with command("erase", erasing.STEPS) as started:
        done = erasing.erase(
            started.spark,
            started.store,
            settings=started.settings,
            listener=listener,
            tell=started.tell,
        )
    if as_json:
        typer.echo(json.dumps(asdict(done)))
    else:
        typer.echo(
            f"{done.events:,} listens are taken back up to commit {done.negation}; no answer holds "
            "them any more. What remains on disk, and when it goes: "
            "./playcount erase --verify with the same name"
        )


def _verify(listener: str, *, as_json: bool) -> None:
    from batch.erasure import verify as verifying

    with command("erase --verify", verifying.STEPS) as started:
        proof = verifying.verify(
            started.spark(),
            started.store,
            settings=started.settings,
            listener=listener,
            tell=started.tell,
        )
    if as_json:
        typer.echo(json.dumps(asdict(proof)))
    else:
        for trace in proof.traces:
            typer.echo(f"{trace.where}: {trace.what}; goes with: {trace.goes}")
        for note in proof.notes:
            typer.echo(f"note: {note}")
        if not proof.traces:
            typer.echo("no store holds anything of this listener")
    raise typer.Exit(1 if proof.traces else 0)
