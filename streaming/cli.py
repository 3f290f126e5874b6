"""`playcount stream`: the streaming application in the foreground."""

from __future__ import annotations

import typer

from listens.errors import UserMistakeError

app = typer.Typer()


@app.command()
def stream(
    until_drained: bool = typer.Option(
        False, help="End when everything that Kafka holds now is counted and archived."
    ),
    submit: bool = typer.Option(
        False, "--submit", help="Run it on YARN, and stay until it ends there."
    ),
) -> None:
    """Count and archive what comes in on Kafka, until Ctrl-C or SIGTERM.

    Two queries run side by side: `speed` writes each micro-batch to MongoDB in one transaction,
    `archive` appends every raw event to the archive table. Both go on where they ended, also
    when their checkpoints are gone. `./playcount up` runs this under its supervisor.

    With --submit, Spark runs in YARN's cluster mode; an application of this database that runs
    there already is watched instead of a second one being started. Ctrl-C stops it there, too.
    """
    from listens.settings import load_settings
    from streaming import application, logs, submitted

    settings = load_settings()
    logs.set_up(settings)
    if submit and until_drained:
        raise UserMistakeError("--until-drained runs here; leave out --submit")
    if submit:
        submitted.run(settings)
    else:
        application.run(settings, until_drained=until_drained)
