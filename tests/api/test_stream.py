"""Listens as they are counted, from a server as a process: each once, in order."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

import pytest

from api.application import create_app
from api.live import feed as feeding
from listens.erasures import BEGUN, digest_of
from listens.settings import CHECKOUT, Settings
from listens.store import Store
from stack.processes import settings_environment
from tests.api.documents import START, Heard, write_commit

STREAMS = 100
PATIENCE_SECONDS = 60


@dataclass
class Event:
    """As the client of a stream sees it."""

    id: str = ""
    name: str = ""
    data: str = ""

    @property
    def title(self) -> str:
        return json.loads(self.data)["title"]


class Reader:
    """A stream's client: reads events until it has enough of them."""

    def __init__(self, port: int, query: str = "", last: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        headers = {"Last-Event-ID": last} if last else {}
        self.connection.request("GET", f"/api/stream?{query}", headers=headers)
        self.response = self.connection.getresponse()
        self.last = last

    def events(self) -> Iterator[Event]:
        event = Event()
        while line := self.response.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "id":
                event.id = self.last = value
            elif name == "event":
                event.name = value
            elif name == "data":
                event.data = value
            elif not line.strip():
                if event.data:
                    yield event
                event = Event()

    def take(self, n: int) -> list[Event]:
        return list(islice(self.events(), n))

    def opened(self) -> Reader:
        """When the server has told where the stream begins."""
        assert self.response.readline().startswith(b"retry: ")
        self.last = self.response.readline().decode().removeprefix("id: ").strip()
        return self

    def close(self) -> None:
        self.response.close()
        self.connection.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def serving(settings: Settings, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server on the database; it's asked to stop at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from api.cli import app; app()"],
        cwd=CHECKOUT,
        env=os.environ | settings_environment(settings) | variables,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while not is_answering(settings.api_port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()  # killed, it would leave its worker on the port
        process.wait(timeout=PATIENCE_SECONDS)
        process.stderr.close()


def is_answering(port: int) -> bool:
    try:
        return get(port, "/healthz")[0] == 200
    except OSError:
        return False


def get(port: int, path: str) -> tuple[int, http.client.HTTPMessage, dict]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    connection.request("GET", path)
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()
    return response.status, response.headers, body


def commit(store: Store, seq: int, n: int = 3, **about: object) -> list[str]:
    """A commit of some listens; their titles in its order, which is not that of time."""
    listens = [
        Heard(START - timedelta(minutes=place), f"{seq} {place}", **about) for place in range(n)
    ]
    write_commit(store, seq, listens)
    return [listen.title for listen in listens]


def titles(events: list[Event]) -> list[str]:
    return [event.title for event in events]


@pytest.fixture
def port(fresh_database: Settings, store: Store) -> Iterator[int]:
    """Of a server with one commit in its database."""
    commit(store, 1)
    with serving(fresh_database):
        yield fresh_database.api_port


def test_a_stream_tells_of_each_listen_from_now_on(port: int, store: Store) -> None:
    reader = Reader(port).opened()

    told = commit(store, 2) + commit(store, 3)
    events = reader.take(6)

    assert reader.response.headers["Content-Type"] == "text/event-stream"
    assert titles(events) == told
    assert {event.name for event in events} == {"listen"}
    assert [event.id for event in events] == ["2-0", "2-1", "2-2", "3-0", "3-1", "3-2"]
    reader.close()


@pytest.mark.parametrize("broken_after", range(1, 9))
def test_a_broken_stream_goes_on_without_loss_or_repeat(
    port: int, store: Store, broken_after: int
) -> None:
    first = Reader(port).opened()
    told = [title for seq in (2, 3, 4) for title in commit(store, seq)]
    events = first.take(broken_after)
    first.close()
    told += commit(store, 5)

    second = Reader(port, last=first.last)

    assert titles(events + second.take(12 - broken_after)) == told
    second.close()


def test_a_stream_is_resumed_on_a_server_that_has_begun_anew(
    fresh_database: Settings, store: Store
) -> None:
    told = [title for seq in range(1, 40) for title in commit(store, seq)]
    with serving(fresh_database):
        reader = Reader(fresh_database.api_port, "last_event_id=0")
        events = reader.take(50)
        reader.close()
    told += commit(store, 40)

    with serving(fresh_database):
        reader = Reader(fresh_database.api_port, last=reader.last)
        events += reader.take(70)
        reader.close()

    assert titles(events) == told


def test_filters_are_those_of_recent_listens(port: int, store: Store) -> None:
    reader = Reader(port, "artist=BJ%C3%96RK&listener=ben&listener=cleo").opened()
    commit(store, 2)
    told = commit(store, 3, listener="ben") + commit(store, 4, listener="cleo")
    commit(store, 5, listener="ben", artist="Air")
    told += commit(store, 6, listener="ben")

    assert titles(reader.take(9)) == told
    reader.close()


def test_an_id_of_listens_that_are_gone_is_told(port: int, store: Store) -> None:
    for seq in (2, 3, 4, 5):
        commit(store, seq)
    store.recent_listens.delete_many({"_id": {"$lte": 3}})

    with Reader(port, last="2-1") as old, Reader(port, last="77-3") as strange:
        gap, *events = old.take(4)
        unknown, *_ = strange.take(1)

    assert (gap.name, json.loads(gap.data)) == (
        "gap", {"after": "2-1", "until": "3", "listens": None},
    )  # fmt: skip
    assert [event.id for event in events] == ["4-0", "4-1", "4-2"]
    assert (unknown.name, json.loads(unknown.data)["until"]) == ("gap", "5")


def test_an_erased_listener_is_not_told_of_any_more(port: int, store: Store) -> None:
    reader = Reader(port).opened()
    commit(store, 2, listener="ben")
    assert len(reader.take(3)) == 3
    store.erasures.insert_one({"_id": 3, "digest": digest_of("ben"), "state": BEGUN})
    write_commit(store, 3, [])
    told = commit(store, 4, listener="ben")  # heard since
    live = titles(reader.take(3))
    reader.close()

    with Reader(port, last="1") as resumed:
        again = titles(resumed.take(3))

    assert live == again == told


@pytest.mark.parametrize("last", ["x", "1-", "-1", "1-2-3", "9" * 40])
def test_an_id_that_is_none_is_named(unconnected_client, last: str) -> None:
    by_header = unconnected_client.get("/api/stream", headers={"Last-Event-ID": last})
    by_query = unconnected_client.get("/api/stream", query_string={"last_event_id": last})

    assert (by_header.status_code, by_header.json["parameter"]) == (422, "Last-Event-ID")
    assert (by_query.status_code, by_query.json["parameter"]) == (422, "last_event_id")


def test_a_stream_needs_the_store(unconnected_client) -> None:
    response = unconnected_client.get("/api/stream")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


def test_a_quiet_stream_has_a_heartbeat_with_its_place(
    fresh_database: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.streaming.HEARTBEAT_SECONDS", 0.2)
    commit(store, 1)
    response = create_app(fresh_database, store).test_client().get("/api/stream?artist=nobody")
    pieces = response.iter_encoded()

    assert next(pieces) == b"retry: 2000\nid: 1\n\n"
    assert next(pieces) == b": 1\nid: 1\n\n"
    commit(store, 2)
    while (piece := next(pieces)) == b": 1\nid: 1\n\n":
        pass
    assert piece == b": 2\nid: 2\n\n"
    response.close()


def test_a_hundred_streams_leave_the_requests_their_threads(port: int, store: Store) -> None:
    readers = [Reader(port).opened() for _ in range(STREAMS)]

    status, headers, problem = get(port, "/api/stream")
    charts = [get(port, "/api/top-songs?limit=1")[0] for _ in range(20)]
    told = commit(store, 2)

    assert (status, headers["Retry-After"]) == (503, "5")
    assert problem["detail"].startswith("100 streams are open")
    assert charts == [200] * 20
    assert [titles(reader.take(3)) for reader in readers] == [told] * STREAMS
    for reader in readers:
        reader.close()


def test_streams_end_with_the_server(fresh_database: Settings, store: Store) -> None:
    commit(store, 1)
    with serving(fresh_database) as process:
        readers = [Reader(fresh_database.api_port).opened() for _ in range(5)]

        process.terminate()

        assert process.wait(timeout=15) == 0
        assert [reader.response.read() for reader in readers] == [b"\n"] * 5
        for reader in readers:
            reader.close()
        assert b"Traceback" not in process.stderr.read()


def test_a_stream_that_is_behind_what_is_held_misses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "HELD_COMMITS", 3)
    commit(store, 1)
    feed = feeding.Feed(store, most_clients=1)
    client = feed.join()
    for seq in range(2, 40):
        commit(store, seq, n=1)
    while feed.until < 39:
        feed.wait(feed.until, seconds=PATIENCE_SECONDS)

    read, place = [], feeding.Place(1)
    while place.seq < 39:
        step = feed.after(place)
        assert step.begins == place
        read += [each.seq for each in step.commits]
        place = feeding.Place(step.until)

    assert read == [*range(2, 40)]
    assert [each.seq for each in feed._held] == [37, 38, 39]
    feed.leave(client)
    feed.stop()


def test_a_client_that_does_not_read_is_cut_off(
    fresh_database: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr(feeding, "STALLED_SECONDS", 0.1)
    ours, theirs = socket.socketpair()
    feed = feeding.Feed(store, most_clients=1)
    client = feed.join(ours)
    client.writing_since = time.monotonic()

    assert theirs.recv(1) == b""  # the end

    with pytest.raises(feeding.FeedFullError):
        feed.join()
    feed.leave(client)
    feed.join()
    feed.stop()
    ours.close()
    theirs.close()
