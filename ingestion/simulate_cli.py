"""The command `simulate`, which has more options than all others."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from listens.errors import UserMistakeError
from listens.settings import load_settings


class SimulatedFormat(StrEnum):
    """What a simulated file can be."""

    csv = "csv"
    spotify_csv = "spotify-csv"
    jsonl = "jsonl"
    avro = "avro"


def simulate(  # noqa: PLR0917  # one parameter an option
    rows: Annotated[int, typer.Option(help="How many playbacks", min=1)] = 100_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same listens", min=0)] = 1,
    out: Annotated[
        Path | None, typer.Option(help="File to write: [b].csv[/], [b].jsonl[/] or [b].avro[/]")
    ] = None,
    format_: Annotated[
        SimulatedFormat | None,
        typer.Option("--format", help="Of the file; [b]spotify-csv[/]: the public 11 columns"),
    ] = None,
    to_kafka: Annotated[bool, typer.Option("--to-kafka", help="Send listens to Kafka")] = False,
    to_archive: Annotated[
        bool, typer.Option("--to-archive", help="Past Kafka, as [b]import --bulk[/] does")
    ] = False,
    years: Annotated[str, typer.Option(help="First and last year")] = "2019-2024",
    songs: Annotated[int, typer.Option(help="Songs in the catalogue", min=1)] = 5_000,
    listeners: Annotated[
        int | None, typer.Option(help="Listeners; by default 1 in a .csv, else 100", min=1)
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="With --to-kafka: so many a second, ending now")
    ] = None,
    total: Annotated[int | None, typer.Option(help="With --rate: end after so many", min=1)] = None,
    spike: Annotated[
        str | None,
        typer.Option(help="With --rate: bursts; [b]10x/30s[/] is tenfold, every 30 seconds"),
    ] = None,
) -> None:
    """Make up listening: people of all over the world, each with habits and a taste of their own.

    Every field of the event is filled that a real player could know: song, genre, mood, city,
    time zone, personality, rating and so on. The same options give the same listens, however
    many. Writes a file, or sends to Kafka: history as fast as it goes, or, with [b]--rate[/],
    listens that end now, until Ctrl-C.

    [b]Examples[/]

      playcount simulate --rows 150000 --out history.csv

      playcount simulate --rows 1000000 --listeners 1000 --out everybody.avro

      playcount simulate --rows 1000000 --to-kafka --listeners 500 --songs 1000000

      playcount simulate --to-kafka --rate 2 --total 100

      playcount simulate --to-kafka --rate 50 --spike 10x/30s --listeners 2000

      playcount simulate --rows 20000000 --listeners 10000 --to-archive
    """
    from ingestion import simulate_command
    from ingestion.pacing import Pace, SpikedPace, parsed_spike

    if [out is not None, to_kafka, to_archive].count(True) != 1:
        raise UserMistakeError("say either --out FILE or --to-kafka or --to-archive")
    if rate is None and (total, spike) != (None, None):
        raise UserMistakeError("--total and --spike go with --rate; without it, use --rows")
    if rate is not None and not to_kafka:
        raise UserMistakeError("--rate goes with --to-kafka: it sends listens as they end")
    scale = simulate_command.Scale(rows, seed, years, songs, listeners)
    if out is not None:
        kind = format_.value if format_ else None
        simulate_command.to_file(out, scale, format_=kind)
    elif to_archive:
        simulate_command.to_archive(load_settings(), scale)
    elif rate is None:
        simulate_command.to_kafka(load_settings(), scale)
    else:
        steady = Pace(rate=rate)
        pace = SpikedPace(rate, parsed_spike(spike)) if spike else steady
        simulate_command.live(load_settings(), scale, pace=pace, rate=rate, total=total)
