"""The commands of the local stack."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from listens.errors import UserMistakeError
from listens.settings import load_settings

app = typer.Typer()

Only = Annotated[
    list[str] | None,
    typer.Option(
        help="Only these, by commas or again and again: kafka, mongod, streaming, scheduler, api, "
        "sink-NAME"
    ),
]


@app.command()
def env(
    dev: Annotated[  # noqa: ARG001  # for --help alone
        bool, typer.Option("--dev", help="With what the checks and the tests need")
    ] = False,
    sinks: Annotated[  # noqa: ARG001  # for --help alone
        bool, typer.Option("--sinks", help="With the drivers that `playcount sink run` needs")
    ] = False,
) -> None:
    """Make the environment only; every other command makes it, too, when it's missing."""
    # The script does this before the environment, and so Typer, exists: what comes here is misuse.
    raise UserMistakeError(
        "type `playcount env`, with --dev, --sinks or neither, and without anything else"
    )


@app.command()
def up(only: Only = None) -> None:
    """Start Kafka, MongoDB, streaming, scheduler and API, and wait until they work."""
    from stack.bringing_up import bring_up
    from stack.probes import api_url
    from stack.processes import choose

    settings = load_settings()
    names = choose(settings, ",".join(only or ()))
    bring_up(settings, names)
    if "api" in names:
        Console().print(f"Dashboard: {api_url(settings)}", highlight=False)


@app.command()
def down() -> None:
    """Stop everything that `up` started; no process is left."""
    from stack.lifecycle import down as stop_everything

    stop_everything(load_settings())


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for programs")] = False,
) -> None:
    """Say what works, and how far each layer is behind; exit 1 unless all is well."""
    from stack.status import read_status
    from stack.status_view import print_status, status_json

    found = read_status(load_settings())
    if as_json:
        typer.echo(json.dumps(status_json(found), indent=2))
    else:
        print_status(found, Console())
    raise typer.Exit(0 if found.is_healthy else 1)


@app.command()
def logs(
    name: Annotated[
        str, typer.Argument(help="kafka, mongod, streaming, scheduler, api or supervisord")
    ],
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as it grows")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, help="The last lines")] = 50,
) -> None:
    """Print a component's log."""
    from stack.layout import layout

    log = layout(load_settings()).log(name)
    if not log.exists():
        known = ", ".join(sorted(path.stem for path in log.parent.glob("*.log"))) or "none"
        raise UserMistakeError(f"no log of {name!r}; there are: {known}")
    # tail knows how to follow a file that is rotated.
    options = ["-n", str(lines), *(["-F"] if follow else [])]
    os.execvp("tail", ["tail", *options, str(log)])


@app.command()
def demo(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Streaming histories; without: a simulated one")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print the charts and end")] = False,
    listener: Annotated[str, typer.Option(help="Whose plays these are")] = "demo",
    rate: Annotated[float, typer.Option(min=0.1, help="Plays a second that are replayed")] = 2,
    on_cluster: Annotated[
        bool, typer.Option("--cluster", help="On a real HDFS and YARN, as in the profile cluster")
    ] = False,
) -> None:
    """Start all, import a history, compute charts, and replay it live until Ctrl-C."""
    from stack.demo import Demo
    from stack.environment import ensure, this_environment

    settings = load_settings()
    if on_cluster and not settings.is_cluster:
        settings = settings.model_copy(update={"profile": "cluster"})
        ensure(replace(this_environment(), cluster=True))
    Demo(settings, files or [], listener=listener, rate=rate).run(once=once)


cluster = typer.Typer(no_args_is_help=True, help="What a cluster needs of Playcount.")


@cluster.command()
def install() -> None:
    """Put Playcount's code, its Python packages and Spark's jars on HDFS, once a version.

    Jobs that are submitted to YARN take them from there. Nothing is sent that is there already.
    """
    from stack.installing import install_with_progress

    install_with_progress(load_settings())


@cluster.command()
def archives() -> None:
    """Name what this version needs on HDFS, and write nothing."""
    from listens.cluster.install import archives as wanted

    for archive in wanted(load_settings()):
        typer.echo(archive.path)
