"""`playcount sink`: listens for other systems."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Hand each listen to another system as well.")


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="postgres, azure or cassandra")],
    until_drained: Annotated[
        bool,
        typer.Option("--until-drained", help="End when all that Kafka holds now is handed over."),
    ] = False,
    skip_lost: Annotated[
        bool, typer.Option("--skip-lost", help="Go on where Kafka has deleted unread listens.")
    ] = False,
) -> None:
    """Hand listens to one system, in the foreground, until Ctrl-C or SIGTERM.

    It goes on where it left off, and repeats what it can't know to be durable: each system tells
    a repeated listen by its event_id. While the system is away, it tries again and says so.
    `PLAYCOUNT_SINKS=postgres` lets `./playcount up` run it. See docs/sinks.md.
    """
    import logging

    from listens.settings import load_settings
    from streaming import logs
    from streaming.sinks import running

    settings = load_settings()
    logs.set_up(settings)
    # Of a broker that's away it tells ten times a second; the runner does at each attempt.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    running.run(settings, name, until_drained=until_drained, skip_lost=skip_lost)


@app.command("list")
def list_sinks() -> None:
    """Name the sinks, and what each still needs."""
    from rich.console import Console
    from rich.table import Table

    from listens.settings import load_settings
    from streaming.sinks.catalogue import KINDS

    settings = load_settings()
    table = Table(box=None, pad_edge=False)
    for heading in ("sink", "hands over", "driver", "target", "run by up"):
        table.add_column(heading, overflow="fold")
    for name, kind in KINDS.items():
        table.add_row(
            name,
            kind.about,
            "installed" if kind.is_installed else "./playcount env --sinks",
            "set" if getattr(settings, kind.setting) else f"set {kind.variable}",
            "yes" if name in settings.sink_names else "no",
        )
    Console().print(table)
