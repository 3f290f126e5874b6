"""The commands of this folder: import, imports, simulate, replay, tail."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ingestion.simulate_cli import simulate
from listens.settings import load_settings

app = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False)


class Format(StrEnum):
    """What a file can be said to hold."""

    auto = "auto"
    extended = "extended"
    account = "account"
    csv = "csv"
    listenbrainz = "listenbrainz"
    lastfm = "lastfm"
    maloja = "maloja"
    jsonl = "jsonl"
    avro = "avro"


class DateOrderName(StrEnum):
    """Which of the first two numbers of a date is the day."""

    dmy = "dmy"
    mdy = "mdy"


Listener = Annotated[
    str | None,
    typer.Option(
        "--listener",
        "-l",
        help="Whose history it is, such as [b]anna[/]; needed unless the file's rows say it",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output")]


@app.command("import")
def import_files(  # noqa: PLR0917  # one parameter an option
    files: Annotated[
        list[Path],
        typer.Argument(help="Files, folders, .gz, or a whole export .zip", metavar="FILE…"),
    ],
    listener: Listener = None,
    format_: Annotated[Format, typer.Option("--format", help="Insist on a format")] = Format.auto,
    date_order: Annotated[
        DateOrderName | None, typer.Option(help="For dates such as 7/8/2013: day or month first")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="End when all rows are counted")] = False,
    wait_timeout: Annotated[float, typer.Option(help="Seconds to wait at most", min=0)] = 600,
    json: AsJson = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look; send nothing")] = False,
    bulk: Annotated[
        bool, typer.Option("--bulk", help="Past Kafka, straight into the archive")
    ] = False,
    keep_overlap: Annotated[
        bool,
        typer.Option(
            "--keep-overlap",
            help="Count the same playback in account data and in another format twice",
        ),
    ] = False,
    upload: Annotated[
        str | None, typer.Option(hidden=True, help="Of which upload over HTTP the files are")
    ] = None,
) -> None:
    """Send listening histories to Kafka; every row is accounted for.

    The format is found by content. Each row is new, a duplicate, an overlap, or rejected with a
    reason: importing a file again, or an overlapping export, adds nothing twice. Account data
    knows only the minute of a playback; rows of it that the extended history has, too, are
    the overlap, and left out (the other way round as well).

    With [b]--bulk[/], for millions of rows, Spark writes them straight into the archive; charts
    show them after the next batch. Stopped, it goes on by the same command.

    [b]Examples[/]

      playcount import my_spotify_data.zip --listener anna --wait

      playcount import spotify_history.csv -l anna --date-order mdy

      playcount import ~/exports/ -l anna --dry-run

      playcount import decades.csv.gz -l anna --bulk

      playcount import everybody.avro
    """
    from ingestion.import_command import Order, run, run_dry

    order = Order(
        paths=files,
        listener=listener,
        format_=format_.value,
        date_order=date_order.value if date_order else None,
        wait_seconds=wait_timeout if wait else None,
        json=json,
        keep_overlap=keep_overlap,
        upload_id=upload,
    )
    if dry_run:
        run_dry(order)
    elif bulk:
        from ingestion import bulk_command

        bulk_command.run(order, load_settings())
    else:
        run(order, load_settings())


@app.command("imports")
def list_imports(
    limit: Annotated[int, typer.Option(help="So many of the newest", min=1)] = 20,
    json: AsJson = False,
) -> None:
    """Show the account of every import: read = new + duplicate + overlap + rejected.

    An import is settled when the speed layer has counted its last row. One that was interrupted
    or failed is imported again; what it had sent isn't counted twice.
    """
    from ingestion.imports_command import show

    show(load_settings(), limit=limit, as_json=json)


app.command()(simulate)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A listening history of any known format")],
    rate: Annotated[float | None, typer.Option(help="Events a second")] = None,
    speedup: Annotated[float | None, typer.Option(help="Times as fast as it was recorded")] = None,
    shift_to_now: Annotated[
        bool, typer.Option("--shift-to-now", help="Each event ended the moment it is sent")
    ] = False,
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end")] = False,
    listener: Annotated[str, typer.Option("--listener", "-l", help="Whose listens")] = "replay",
    date_order: Annotated[
        DateOrderName | None, typer.Option(help="For dates such as 7/8/2013: day or month first")
    ] = None,
) -> None:
    """Send a history as if it happened again: at a steady rate, or at its own intervals.

    Without [b]--shift-to-now[/] the events keep their identity: replayed twice, they count once.

    [b]Examples[/]

      playcount replay history.csv --rate 50 --shift-to-now --loop

      playcount replay my_spotify_data.zip --speedup 3600
    """
    from ingestion.pacing import Pace
    from ingestion.replay import run

    pace = Pace(rate=rate, speedup=speedup)
    run(
        load_settings(),
        file,
        pace=pace,
        shift_to_now=shift_to_now,
        loop=loop,
        listener=listener,
        date_order=date_order.value if date_order else None,
    )


@app.command()
def tail(
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="All that Kafka still holds, then the new ones")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="End after so many messages", min=1)] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
    avro: Annotated[
        Path | None, typer.Option(help="Write listening-history records to a file instead")
    ] = None,
) -> None:
    """Print the listens on Kafka as they come, one a line; or write them to an Avro file.

    [b]Examples[/]

      playcount tail --from-beginning --limit 10 --json

      playcount tail --from-beginning --avro listens.avro
    """
    from ingestion.tail import run

    run(load_settings(), from_beginning=from_beginning, limit=limit, as_json=json, avro=avro)
