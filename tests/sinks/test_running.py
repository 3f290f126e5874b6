"""A sink's life: how it stops, what it refuses, and what the status says of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest
from kafka import TopicPartition

from listens import sinks
from listens import store as collections
from listens.brokers import admin_client
from listens.erasures import DONE, digest_of
from listens.errors import UserMistakeError
from listens.settings import CHECKOUT, Settings
from listens.store import Store, connect
from stack.lifecycle import down, start, wait_until_ready
from stack.probes import why_not_healthy
from stack.status import read_status
from stack.supervisor import Supervisor
from streaming.sinks import catalogue
from streaming.sinks.catalogue import KINDS, open_sink
from tests.sinks.commands import Commands, eventually
from tests.sinks.postgresql import Server
from tests.sinks.topic import Topic


@pytest.fixture
def ours(topic: Topic, postgres: Server, database: object) -> Settings:
    return topic.settings.model_copy(update={"postgres_uri": postgres.uri})


@pytest.fixture
def store(ours: Settings) -> Store:
    return connect(ours)


def listeners(ours: Settings) -> dict[str, int]:
    with psycopg.connect(ours.postgres_uri) as connection:
        return dict(
            connection.execute("SELECT listener_id, count(*) FROM listens GROUP BY 1").fetchall()
        )


def test_the_status_tells_how_far_a_sink_is_behind(
    topic: Topic, ours: Settings, commands: Commands
) -> None:
    topic.send(100)
    assert "sink-postgres" not in read_status(ours).lags

    commands.drain(ours, "postgres")
    assert read_status(ours).lags["sink-postgres"].events == 0

    topic.send(20, seed=2)
    behind = read_status(ours).lags["sink-postgres"]
    assert behind.events == 21
    assert behind.seconds > 0


def test_a_sink_stops_when_it_is_asked_and_takes_its_heartbeat_along(
    topic: Topic, ours: Settings, store: Store, commands: Commands
) -> None:
    topic.send(10)
    running = commands.start(ours, "postgres")
    eventually(lambda: why_not_healthy("sink-postgres", ours) is None, "a heartbeat")
    eventually(lambda: "handed over" in running.output, "the listens")

    running.process.send_signal(signal.SIGINT)

    assert running.end() == 0, running.output
    assert store[collections.HEARTBEATS].find_one({"_id": "sink-postgres"}) is None
    assert why_not_healthy("sink-postgres", ours) == "no heartbeat yet"
    assert read_status(ours).lags["sink-postgres"].events == 0


def test_the_status_says_what_keeps_a_sink_from_its_work(
    ours: Settings, postgres: Server, commands: Commands
) -> None:
    postgres.stop()
    commands.start(ours, "postgres")

    eventually(
        lambda: "PostgreSQL: " in (why_not_healthy("sink-postgres", ours) or ""), "the problem"
    )


def test_up_runs_the_sinks_of_the_settings(
    new_settings: Callable[[], Settings], postgres: Server, database: object
) -> None:
    own = new_settings().model_copy(update={"sinks": "postgres", "postgres_uri": postgres.uri})
    names = ("kafka", "mongod", "sink-postgres")
    try:
        start(own, names)
        wait_until_ready(own, names, progress=lambda _name, _reason: None)
        topic = Topic(own)
        topic.send(20)
        eventually(lambda: sum(listeners(own).values()) == 20, "the listens")

        beat = connect(own)[collections.HEARTBEATS].find_one({"_id": "sink-postgres"})
        assert beat["pid"] == Supervisor(own).states()["sink-postgres"].pid
    finally:
        down(own)


def test_an_erased_listener_is_not_handed_over(
    topic: Topic, ours: Settings, store: Store, commands: Commands
) -> None:
    topic.send(200, listeners=4)
    ends = {"0": 10**6, "1": 10**6, "2": 10**6}
    store[collections.ERASURES].insert_one(
        {
            "_id": 1,
            "digest": digest_of("listener 1"),
            "counted": ends,
            "until": ends,
            "state": DONE,
            "at": datetime.now(UTC),
            "parts": 1,
            "negations": [2],
            "events": 0,
            "imports": [],
        }
    )
    of_others = [
        each["listener_id"]
        for each in topic.listens.values()
        if each["listener_id"] != "listener 1"
    ]

    commands.drain(ours, "postgres")

    assert listeners(ours) == {name: of_others.count(name) for name in set(of_others)}


def test_what_kafka_has_deleted_unread_is_an_error_until_it_is_accepted(
    topic: Topic, ours: Settings, commands: Commands
) -> None:
    topic.send(100)
    commands.drain(ours, "postgres")
    topic.send(100, seed=2)
    admin = admin_client(ours)
    admin.delete_records({TopicPartition(ours.topic, number): -1 for number in range(3)})
    admin.close()
    topic.send(100, seed=3)

    refused = commands.start(ours, "postgres")
    assert refused.end() == 1
    assert "is missing in the target" in refused.output
    assert "sink run postgres --skip-lost" in refused.output

    said = commands.drain(ours, "postgres", "--skip-lost")
    assert "is missing in the target" in said
    assert sum(listeners(ours).values()) == 200


@pytest.mark.parametrize(
    ("name", "variables", "message"),
    [
        ("oracle", {}, "no sink 'oracle'; there are postgres, azure, cassandra"),
        ("postgres", {}, "set PLAYCOUNT_POSTGRES_URI"),
        ("postgres", {"PLAYCOUNT_POSTGRES_URI": "x y"}, "PLAYCOUNT_POSTGRES_URI is no connection"),
        (
            "azure",
            {"PLAYCOUNT_AZURE_STORAGE_CONNECTION": "x"},
            "PLAYCOUNT_AZURE_STORAGE_CONNECTION is no connection",
        ),
    ],
)
def test_a_mistake_ends_with_2_and_says_what_to_do(
    name: str, variables: dict[str, str], message: str
) -> None:
    done = subprocess.run(
        [sys.executable, str(CHECKOUT / "playcount"), "sink", "run", name],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )

    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


def test_a_missing_driver_is_told_with_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_is_installed(name: str) -> str:
        raise catalogue.PackageNotFoundError(name)

    monkeypatch.setattr(catalogue, "version", none_is_installed)

    for name, kind in KINDS.items():
        with pytest.raises(UserMistakeError, match=f"{kind.driver}.*playcount env --sinks"):
            open_sink(name, Settings())


def test_every_name_has_its_kind() -> None:
    assert tuple(KINDS) == sinks.NAMES
