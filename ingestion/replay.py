"""What `playcount replay` does: a recorded history, sent as if it happened again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from ingestion.detect import recognise_all
from ingestion.importing import Tally, listens_of
from ingestion.interruption import Interruption, interruptible
from ingestion.kafka_sink import open_sink
from ingestion.pacing import Pace, paced
from ingestion.rejection_log import RejectionLog
from ingestion.sent_counter import SentCounter
from ingestion.sources import expand
from listens import identity
from listens.codec import encode
from listens.rows.listener_names import checked_listener
from listens.rows.normalise import Listen
from listens.settings import Settings

if TYPE_CHECKING:
    from ingestion.kafka_sink import KafkaSink
    from listens.rows.times import DateOrder


def run(
    settings: Settings,
    file: Path,
    *,
    pace: Pace,
    shift_to_now: bool,
    loop: bool,
    listener: str,
    date_order: DateOrder | None,
) -> None:
    """Send the listens of a file in order of time; rejected rows are only counted.

    Raises:
        UserMistakeError: the file is no history.
        ServiceDownError: Kafka doesn't answer.
    """
    log = RejectionLog(None)
    listens = _in_order(file, checked_listener(listener), date_order, log)
    console = Console(stderr=True)
    if log.total:
        console.print(f"{log.total:,} rows are rejected; playcount import --dry-run says why")
    with interruptible() as interruption, open_sink(settings) as sink:
        _send_paced(_rounds(listens, loop), sink, pace, interruption, shift_to_now=shift_to_now)
        sink.flush()
    console.print(f"sent {sink.acknowledged:,} listens of {listener}", markup=False)


def _in_order(
    file: Path, listener: str, date_order: DateOrder | None, log: RejectionLog
) -> list[Listen]:
    histories, _ = recognise_all(expand([file]), format_="auto", date_order=date_order)
    tally = Tally(log)
    listens = [
        listen for history in histories for listen in listens_of(history, listener, None, tally)
    ]
    return sorted(listens, key=lambda listen: int(listen["ended_at"]))


def _rounds(listens: list[Listen], loop: bool) -> Iterator[tuple[int, Listen]]:
    """The listens with a time that goes on growing from round to round."""
    if not listens:
        return
    span_ms = listens[-1]["ended_at"] - listens[0]["ended_at"] + 1000
    shift_ms = 0
    while True:
        for listen in listens:
            yield listen["ended_at"] + shift_ms, listen
        if not loop:
            return
        shift_ms += span_ms


def _send_paced(
    events: Iterator[tuple[int, Listen]],
    sink: KafkaSink,
    pace: Pace,
    interruption: Interruption,
    *,
    shift_to_now: bool,
) -> None:
    with SentCounter() as counter:
        due = paced(
            events, pace, stopped=lambda: interruption.requested, on_idle=counter.show_sometimes
        )
        for listen in due:
            event = ended_now(listen, time.time_ns() // 1_000_000) if shift_to_now else listen
            sink.send(event["listener_id"], encode(event))
            counter.sent += 1
            counter.show_sometimes()


def ended_now(listen: Listen, now_ms: int) -> Listen:
    """The same playback at another time, and so another event."""
    event_id = identity.event_id(
        listen["listener_id"], now_ms, listen["song_id"], listen["ms_played"], 0
    )
    return {**listen, "ended_at": now_ms, "event_id": event_id, "source": "replay"}
