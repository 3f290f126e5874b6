"""`playcount stream`: the streaming application in the foreground."""

from __future__ import annotations

import logging

import typer

app = typer.Typer()


@app.command()
def stream(
    until_drained: bool = typer.Option(
        False, help="End when everything that Kafka holds now is counted and archived."
    ),
) -> None:
    """Count and archive what comes in on Kafka, until Ctrl-C or SIGTERM.

    Two queries run side by side: `speed` writes each micro-batch to MongoDB in one transaction,
    `archive` appends every raw event to the archive table. Both go on where they ended, also
    when their checkpoints are gone. `./playcount up` runs this under its supervisor.
    """
    from listens.settings import load_settings
    from streaming.application import run

    settings = load_settings()
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # py4j and kafka log every call and every reconnect.
    for chatty in ("py4j", "kafka"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    run(settings, until_drained=until_drained)
