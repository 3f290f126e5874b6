"""How long it takes: from a send until the API counts it, and one answer of the API."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np

from listens import identity
from listens.codec import encode
from tests.benchmarks.installation import Client, Installation, Message, eventually

LIVE_LISTENERS = 20
EVENTS_A_SECOND = 200

QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/api/top-songs", {}),
    ("/api/top-songs", {"window": "2023", "by": "ms_played"}),
    ("/api/top-songs", {"listener": "listener-1", "window": "2022-03"}),
    ("/api/top-songs", {"from": "2020-02-10", "to": "2021-11-05", "by": "streams"}),
    ("/api/top-artists", {}),
    ("/api/top-artists", {"listener": "listener-3"}),
    ("/api/top-albums", {"daypart": "evening"}),
    ("/api/summary", {}),
    ("/api/summary", {"listener": "listener-2", "window": "2024"}),
    ("/api/timeline", {"grain": "month"}),
    ("/api/timeline", {"listener": "listener-0", "window": "2023", "grain": "day"}),
)


def answer_times(client: Client, *, rounds: int) -> dict[str, list[float]]:
    """Question → milliseconds of each answer after a first one that isn't counted."""
    times: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for path, query in QUESTIONS:
            began = perf_counter()
            client.get(path, **query)
            if number:
                name = " ".join([path, *(f"{key}={value}" for key, value in query.items())])
                times.setdefault(name, []).append((perf_counter() - began) * 1000)
    return times


def seconds_to_visible(target: Installation, *, warm_up: int, seconds: int) -> list[float]:
    """Seconds from the send of each event until an answer of the API counts it."""
    messages = list(live_messages((warm_up + seconds) * EVENTS_A_SECOND))
    with _watching(target) as answers:
        sent = _send_paced(target, messages)
        last = {str(partition): offset for _, partition, offset in sent}
        eventually(lambda: bool(answers) and _covers(answers[-1][1], last))
    return _delays(sent[warm_up * EVENTS_A_SECOND :], answers)


def _delays(
    sent: list[tuple[float, int, int]], answers: list[tuple[float, dict[str, int]]]
) -> list[float]:
    at = np.array([moment for moment, _ in answers])
    delays = []
    for partition in {partition for _, partition, _ in sent}:
        until = np.array([offsets.get(str(partition), 0) for _, offsets in answers])
        of_partition = [(began, offset) for began, number, offset in sent if number == partition]
        first = np.searchsorted(until, [offset for _, offset in of_partition], side="right")
        delays += [at[place] - began for (began, _), place in zip(of_partition, first, strict=True)]
    return delays


def _covers(until: dict[str, int], last: dict[str, int]) -> bool:
    return all(until.get(partition, 0) > offset for partition, offset in last.items())


def _send_paced(target: Installation, messages: list[Message]) -> list[tuple[float, int, int]]:
    """(moment of the send, partition, offset) of each message."""
    producer = target.producer()
    producer.partitions_for(target.settings.topic)
    start = perf_counter()
    under_way = []
    for number, (listener, message) in enumerate(messages):
        time.sleep(max(0.0, start + number / EVENTS_A_SECOND - perf_counter()))
        moment = perf_counter()
        future = producer.send(target.settings.topic, key=listener.encode(), value=message)
        under_way.append((moment, future))
    producer.flush()
    placed = [(moment, future.get(timeout=60)) for moment, future in under_way]
    producer.close()
    return [(moment, place.partition, place.offset) for moment, place in placed]


@contextmanager
def _watching(target: Installation) -> Iterator[list[tuple[float, dict[str, int]]]]:
    """Ask again and again; (moment, offsets) of each answer, by its arrival."""
    answers: list[tuple[float, dict[str, int]]] = []
    stop = threading.Event()

    def ask() -> None:
        client = Client(target.settings)
        while not stop.wait(0.02):
            offsets = client.get("/api/summary")["as_of"]["offsets"]
            answers.append((perf_counter(), offsets))

    asking = threading.Thread(target=ask, name="watch", daemon=True)
    asking.start()
    try:
        yield answers
    finally:
        stop.set()
        asking.join()


def live_messages(count: int) -> Iterator[Message]:
    """Plays that have just ended, each of a song that nobody has heard before."""
    now_ms = int(time.time() * 1000)
    run = f"{now_ms:x}"
    for number in range(count):
        listener, title, artist = f"live-{number % LIVE_LISTENERS}", f"song {run} {number}", "live"
        ended_at_ms = now_ms + number * 1000 // EVENTS_A_SECOND
        yield live_message(listener, title, artist, ended_at_ms=ended_at_ms)


def live_message(listener: str, title: str, artist: str, *, ended_at_ms: int) -> Message:
    """A play of three minutes that has just ended."""
    song_id = identity.song_id(artist, title)
    played_ms = 180_000
    listen = {
        "event_id": identity.event_id(listener, ended_at_ms, song_id, played_ms, 0),
        "listener_id": listener,
        "ended_at": ended_at_ms,
        "ms_played": played_ms,
        "kind": "music",
        "song_id": song_id,
        "title": title,
        "artist": artist,
        "artist_id": identity.artist_id(artist),
        "platform": "ios",
        "country": "DE",
        "source": "simulator",
    }
    return listener, encode(listen)
