"""What `playcount simulate` does."""

from __future__ import annotations

import re
from pathlib import Path

from rich.console import Console

from ingestion.interruption import InterruptedImportError, interruptible
from ingestion.kafka_sink import open_sink
from ingestion.simulator.csv_file import write_history
from ingestion.simulator.messages import simulate_listens
from listens.errors import UserMistakeError
from listens.settings import Settings

_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?")
EARLIEST_YEAR, LATEST_YEAR = 1971, 2100
LOOK_EVERY_ROWS = 1_000


def parsed_years(text: str) -> tuple[int, int]:
    """`2019-2024` or `2024` as first and last year.

    Raises:
        UserMistakeError: something else, or the last before the first.
    """
    found = _YEARS.fullmatch(text.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not EARLIEST_YEAR <= first <= last <= LATEST_YEAR:
        raise UserMistakeError(f"--years {text!r} isn't a span of years such as 2019-2024")
    return first, last


def to_file(path: Path, *, rows: int, seed: int, years: str, songs: int) -> None:
    """Write a simulated history.

    Raises:
        UserMistakeError: the file can't be written.
    """
    first, last = parsed_years(years)
    try:
        write_history(path, rows=rows, seed=seed, first_year=first, last_year=last, songs=songs)
    except OSError as error:
        raise UserMistakeError(f"{path} can't be written: {error.strerror or error}") from error
    Console(stderr=True).print(f"wrote {rows:,} rows to {path}", markup=False, soft_wrap=True)


def to_kafka(
    settings: Settings, *, rows: int, seed: int, years: str, songs: int, listeners: int
) -> None:
    """Send simulated listens; they are no import, and the ledger knows nothing of them.

    Raises:
        InterruptedImportError: the user stopped it; what was sent stays.
    """
    first, last = parsed_years(years)
    messages = simulate_listens(
        rows=rows, seed=seed, listeners=listeners, songs=songs, first_year=first, last_year=last
    )
    with interruptible() as interruption, open_sink(settings) as sink:
        for number, (listener_id, message) in enumerate(messages):
            if number % LOOK_EVERY_ROWS == 0 and interruption.requested:
                break
            sink.send(listener_id, message)
        sink.flush()
    if interruption.requested:
        raise InterruptedImportError(
            f"interrupted after {sink.acknowledged:,} of {rows:,} listens; the same command "
            "sends the same listens, so nothing is counted twice"
        )
    Console(stderr=True).print(f"sent {sink.acknowledged:,} listens of {listeners:,} listeners")
