"""What `playcount simulate` does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from ingestion.interruption import InterruptedImportError, Interruption, interruptible
from ingestion.kafka_sink import open_sink
from ingestion.pacing import Due, paced
from ingestion.sent_counter import SentCounter
from ingestion.simulator.blocks import simulated
from ingestion.simulator.files import format_of, write_blocks
from ingestion.simulator.live import live_rows
from ingestion.simulator.messages import Encoder, messages
from ingestion.simulator.playbacks import Playbacks
from ingestion.simulator.world import World, make_world
from listens.errors import UserMistakeError
from listens.settings import Settings

_Rows = Callable[[int], None]

_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?")
EARLIEST_YEAR, LATEST_YEAR = 1971, 2100
LOOK_EVERY_ROWS = 1_000
MANY_LISTENERS = 100


@dataclass(frozen=True)
class Scale:
    """How much is simulated.

    Attributes:
        listeners: None: one in a table, which is mostly imported as one person's, else a hundred.
        years: such as `2019-2024`.
    """

    rows: int
    seed: int
    years: str
    songs: int
    listeners: int | None

    def world(self, *, listeners: int = MANY_LISTENERS) -> World:
        """The songs and listeners.

        Raises:
            UserMistakeError: the years are none.
        """
        first, last = parsed_years(self.years)
        return make_world(
            seed=self.seed,
            listeners=self.listeners or listeners,
            songs=self.songs,
            first_year=first,
            last_year=last,
        )


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


def to_file(path: Path, scale: Scale, *, format_: str | None) -> None:
    """Write a simulated history; stopped, nothing of it is left.

    Raises:
        UserMistakeError: the file can't be written, or can't hold so many listeners.
        InterruptedImportError: the user stopped it.
    """
    kind = format_of(path, format_)
    if kind == "spotify-csv" and (scale.listeners or 1) != 1:
        raise UserMistakeError(
            "spotify_history.csv doesn't say who listened; use --format csv for many --listeners"
        )
    world = scale.world(listeners=1 if "csv" in kind else MANY_LISTENERS)
    with interruptible() as interruption, _progress("written", scale.rows) as progress:
        blocks = _watched(simulated(world, rows=scale.rows), progress, interruption)
        write_blocks(path, kind, world, blocks)
    Console(stderr=True).print(f"wrote {scale.rows:,} rows to {path}", markup=False, soft_wrap=True)


def to_kafka(settings: Settings, scale: Scale) -> None:
    """Send simulated listens as fast as Kafka takes them; the ledger knows nothing of them.

    Raises:
        InterruptedImportError: the user stopped it; what was sent stays.
    """
    world = scale.world()
    with interruptible() as interruption, open_sink(settings) as sink:
        with _progress("sent", scale.rows) as progress:
            blocks = _watched(simulated(world, rows=scale.rows), progress)
            for number, (listener_id, message) in enumerate(messages(world, blocks)):
                if number % LOOK_EVERY_ROWS == 0 and interruption.requested:
                    break
                sink.send(listener_id, message)
        sink.flush()
    if interruption.requested:
        raise InterruptedImportError(
            f"interrupted after {sink.acknowledged:,} of {scale.rows:,} listens; the same command "
            "sends the same listens, so nothing is counted twice"
        )
    _tell_sent(sink.acknowledged, world)


def live(settings: Settings, scale: Scale, *, pace: Due, rate: float, total: int | None) -> None:
    """Send listens that end now, until Ctrl-C or the total."""
    world = replace(scale, years=str(datetime.now(UTC).year)).world()
    encoder = Encoder(world)
    rows = islice(live_rows(world, rate=rate), total)
    with interruptible() as interruption, open_sink(settings) as sink, SentCounter() as counter:
        due = paced(
            rows, pace, stopped=lambda: interruption.requested, on_idle=counter.show_sometimes
        )
        for row in due:
            sink.send(*encoder.message(row, time.time_ns() // 1_000_000))
            counter.sent += 1
            counter.show_sometimes()
        sink.flush()
    _tell_sent(sink.acknowledged, world)


def to_archive(settings: Settings, scale: Scale) -> None:
    """Load a simulated history past Kafka, as `import --bulk` does a file.

    Raises:
        LoadStoppedError: all is staged, but wasn't loaded; the same command goes on.
    """
    from ingestion.bulk_command import load_histories
    from ingestion.import_command import Order
    from ingestion.simulator.history import simulated_history

    world = scale.world()
    listeners = len(world.listeners)
    arguments = (
        f"{scale.rows:,} rows, seed {scale.seed}, years {scale.years}, {scale.songs:,} songs, "
        f"{listeners:,} listeners"
    )
    history = simulated_history(
        world, lambda: simulated(world, rows=scale.rows), rows=scale.rows, arguments=arguments
    )
    order = Order(
        paths=[], listener=None, format_="auto", date_order=None, wait_seconds=None, json=False
    )
    load_histories([history], order, settings)


@contextmanager
def _progress(what: str, rows: int) -> Iterator[_Rows]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=rows)
        yield lambda more: progress.advance(task, more)


def _watched(
    blocks: Iterable[Playbacks], progress: _Rows, interruption: Interruption | None = None
) -> Iterator[Playbacks]:
    """The blocks; each is counted when the next one is asked for."""
    for block in blocks:
        if interruption and interruption.requested:
            raise InterruptedImportError("interrupted; nothing was written")
        yield block
        progress(len(block))


def _tell_sent(count: int, world: World) -> None:
    Console(stderr=True).print(f"sent {count:,} listens of {len(world.listeners):,} listeners")
