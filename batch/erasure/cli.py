"""`playcount erase`: forget a listener, and prove it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from batch.command import SUBMIT, Command, Work, outcome

if TYPE_CHECKING:
    from listens.store import Document

app = typer.Typer()


@app.command()
def erase(
    listener: Annotated[str, typer.Argument(help="Whose listens, by the exact name")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Erase nothing; search every store, exit 1 on a find")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask")] = False,
    submit: bool | None = SUBMIT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document")] = False,
) -> None:
    """Erase all that a listener has heard until now, in every store and every count.

    What comes later counts as new listening. A killed erasure goes on when the command is
    repeated. Files that held the listener's rows go with `playcount archive optimize`.
    """
    if verify:
        _verify(listener, submit=submit, as_json=as_json)
    if not yes:
        typer.confirm(
            f"Erase everything that {listener!r} has heard until now? It can't be undone.",
            abort=True,
            err=True,
        )
    from batch.erasure import erase as erasing
    from batch.erasure.rejected_rows import forget_rejected_rows
    from listens.settings import load_settings
    from listens.store import connect

    def do(started: Command) -> Document:
        done = erasing.erase(
            started.spark,
            started.store,
            settings=started.settings,
            listener=listener,
            tell=started.tell,
        )
        return asdict(done)

    work = Work("erase", ("erase", "--yes", "--", listener), erasing.STEPS, do)
    done = outcome(work, submit=submit)
    settings = load_settings()
    forget_rejected_rows(connect(settings), listener, settings=settings)
    if as_json:
        typer.echo(json.dumps(done))
    else:
        typer.echo(
            f"{done['events']:,} listens are taken back up to commit {done['negation']}; no answer "
            "holds them any more. What remains on disk, and when it goes: "
            "./playcount erase --verify with the same name"
        )


def _verify(listener: str, *, submit: bool | None, as_json: bool) -> None:
    from batch.erasure import verify as verifying
    from batch.erasure.rejected_rows import rejected_rows_held
    from listens.settings import load_settings
    from listens.store import connect

    def do(started: Command) -> Document:
        proof = verifying.verify(
            started.spark(),
            started.store,
            settings=started.settings,
            listener=listener,
            tell=started.tell,
        )
        return asdict(proof)

    arguments = ("erase", "--verify", "--", listener)
    proof = outcome(Work("erase --verify", arguments, verifying.STEPS, do), submit=submit)
    settings = load_settings()
    held = rejected_rows_held(connect(settings), listener, settings=settings)
    proof["traces"] += [asdict(trace) for trace in held]
    if as_json:
        typer.echo(json.dumps(proof))
    else:
        for trace in proof["traces"]:
            typer.echo(f"{trace['where']}: {trace['what']}; goes with: {trace['goes']}")
        for note in proof["notes"]:
            typer.echo(f"note: {note}")
        if not proof["traces"]:
            typer.echo("no store holds anything of this listener")
    raise typer.Exit(1 if proof["traces"] else 0)
