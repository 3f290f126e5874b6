"""A simulated history as a file: which format, and never half a file under its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ingestion import listening_history
from ingestion.simulator.blocks import simulated
from ingestion.simulator.lines import full_csv, json_lines, plain_csv
from ingestion.simulator.messages import rows_of
from ingestion.simulator.parts import Kept, Parts, reaction
from ingestion.simulator.playbacks import Playbacks
from ingestion.simulator.world import World, make_world
from listens.errors import UserMistakeError

FORMATS = {
    "csv": "the columns of spotify_history.csv, and all that Playcount knows besides",
    "spotify-csv": "the eleven columns of the public spotify_history.csv alone",
    "jsonl": "JSON Lines, the same columns as csv",
    "avro": "listening-history records of 13 fields",
}
_ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".avro": "avro"}

Blocks = Iterable[Playbacks]

_LINES: dict[str, Callable[[World, Blocks], Iterator[str]]] = {
    "csv": full_csv,
    "spotify-csv": plain_csv,
    "jsonl": json_lines,
}


def format_of(path: Path, asked: str | None) -> str:
    """The format that was asked for, or that the file's name says.

    Raises:
        UserMistakeError: neither tells.
    """
    if found := asked or _ENDINGS.get(path.suffix.lower()):
        return found
    raise UserMistakeError(
        f"{path.name} doesn't say its format: let it end in {', '.join(_ENDINGS)}, or say --format"
    )


def write_blocks(path: Path, format_: str, world: World, blocks: Blocks) -> None:
    """Write a file; until it's complete it has another name, and stopped it's removed.

    Raises:
        UserMistakeError: the file can't be written.
    """
    try:
        with _complete_or_nothing(path) as stream:
            if format_ == "avro":
                _write_avro(stream, world, blocks)
            else:
                stream.writelines(line.encode() for line in _LINES[format_](world, blocks))
    except OSError as error:
        raise UserMistakeError(f"{path} can't be written: {error.strerror or error}") from error


def write_history(
    path: Path, *, rows: int, seed: int, first_year: int, last_year: int, songs: int
) -> None:
    """Write one listener's `spotify_history.csv`; the same arguments give the same bytes."""
    world = make_world(
        seed=seed, listeners=1, songs=songs, first_year=first_year, last_year=last_year
    )
    write_blocks(path, "spotify-csv", world, simulated(world, rows=rows))


@contextmanager
def _complete_or_nothing(path: Path) -> Iterator[BinaryIO]:
    if path.exists() and not path.is_file():  # such as /dev/stdout
        with path.open("wb") as stream:
            yield stream
        return
    half = path.with_name(f".{path.name}.half")
    try:
        with half.open("wb") as stream:
            yield stream
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _write_avro(stream: BinaryIO, world: World, blocks: Blocks) -> None:
    writer = listening_history.history_writer(stream)
    for record in _records(world, blocks):
        writer.write(record)
    writer.flush()


def _records(world: World, blocks: Blocks) -> Iterator[dict[str, Any]]:
    parts, ids = Parts(world), world.listeners.ids
    homes = Kept(lambda n: listening_history.location(parts.home(n)))
    songs = Kept(lambda n: listening_history.song(parts.song(n)))
    for block in blocks:
        for listener, song, ended_at, ms_played, _, _, react, _ in rows_of(block):
            yield {
                "user_id": ids[listener],
                "user_location": homes[listener],
                "interaction": reaction(react)["interaction"],
                **songs[song],
                "listening_time": listening_history.times(ended_at, ms_played),
                "personality": parts.personality(listener),
            }
