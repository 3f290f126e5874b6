"""The real Kafka and mongod, started, killed and stopped."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from listens.brokers import ensure_topic
from listens.errors import UserMistakeError
from listens.settings import Settings
from stack.leftovers import stack_processes
from stack.lifecycle import down, start, stop, wait_until_ready
from stack.mongo import client
from stack.processes import SERVICES
from stack.status import read_status
from stack.supervisor import Supervisor
from stack.topic import topic_reader

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def stack(new_settings: Callable[[], Settings]) -> Iterator[Settings]:
    """Kafka and mongod, running in a home of their own."""
    settings = new_settings()
    try:
        start(settings, SERVICES)
        wait(settings)
        yield settings
    finally:
        down(settings)


def wait(settings: Settings) -> None:
    wait_until_ready(settings, SERVICES, progress=lambda _name, _reason: None)


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def test_a_second_start_starts_nothing(stack: Settings) -> None:
    before = {name: state.pid for name, state in Supervisor(stack).states().items()}

    assert start(stack, SERVICES) == ()
    assert {name: state.pid for name, state in Supervisor(stack).states().items()} == before


def test_the_topic_has_the_partitions_of_the_settings(stack: Settings) -> None:
    with topic_reader(stack) as reader:
        assert reader.end_offsets() == {"0": 0, "1": 0, "2": 0}

    ensure_topic(stack)  # again: no error


def test_mongodb_has_transactions(stack: Settings) -> None:
    with client(stack) as mongo, mongo.start_session() as session:
        with session.start_transaction():
            mongo["test"]["things"].insert_one({"_id": 1}, session=session)
            session.abort_transaction()

        assert mongo["test"]["things"].count_documents({}) == 0


@pytest.mark.parametrize("name", SERVICES)
def test_a_killed_component_comes_back(stack: Settings, name: str) -> None:
    killed = Supervisor(stack).states()[name].pid
    os.kill(killed, signal.SIGKILL)

    eventually(lambda: Supervisor(stack).states()[name].pid not in (0, killed))
    wait(stack)


def test_another_stack_on_the_same_port_is_refused(
    stack: Settings, new_settings: Callable[[], Settings]
) -> None:
    """The message names the port, its holder and the setting; nothing was started."""
    second = new_settings().model_copy(update={"mongo_port": stack.mongo_port})
    holder = Supervisor(stack).states()["mongod"].pid

    with pytest.raises(UserMistakeError) as caught:
        start(second, SERVICES)

    assert f"port {stack.mongo_port}" in str(caught.value)
    assert f"by pid {holder} (mongod)" in str(caught.value)
    assert "PLAYCOUNT_MONGO_PORT" in str(caught.value)
    assert caught.value.exit_code == 2
    assert stack_processes(second) == []


def test_one_port_for_two_components_is_refused(new_settings: Callable[[], Settings]) -> None:
    settings = new_settings()
    twice = settings.model_copy(update={"mongo_port": settings.kafka_port})

    with pytest.raises(UserMistakeError, match="PLAYCOUNT_MONGO_PORT and PLAYCOUNT_KAFKA_PORT"):
        start(twice, SERVICES)


def test_an_api_that_others_would_reach_unasked_is_refused(
    new_settings: Callable[[], Settings],
) -> None:
    settings = new_settings().model_copy(update={"api_host": "0.0.0.0"})

    with pytest.raises(UserMistakeError, match="set PLAYCOUNT_ACCESS=on"):
        start(settings, ("api",))

    assert stack_processes(settings) == []


def test_a_component_can_be_stopped_alone(stack: Settings) -> None:
    stop(stack, ("mongod",))

    assert Supervisor(stack).states()["mongod"].state == "STOPPED"
    assert Supervisor(stack).states()["kafka"].state == "RUNNING"

    assert start(stack, SERVICES) == ("mongod",)
    wait(stack)


def test_the_status_says_how_far_each_layer_is_behind(stack: Settings) -> None:
    from kafka import KafkaProducer

    before = datetime.now(UTC)
    with topic_reader(stack) as reader:
        assert reader.first_waiting_at(reader.end_offsets(), {}) is None
    producer = KafkaProducer(bootstrap_servers=stack.bootstrap_servers)
    for _ in range(4):
        producer.send(stack.topic, value=b"listen", partition=1).get(timeout=10)
    producer.close()
    now = datetime.now(UTC)
    with client(stack) as mongo:
        database = mongo[stack.database]
        database["speed_commits"].insert_one({"_id": 7, "until": {"1": 4}, "at": now})
        database["archive_coverage"].insert_one({"_id": "archive", "until": {"1": 1}, "at": now})
        database["batch_pointer"].insert_one({"_id": "current", "version": 3})
        database["batch_versions"].insert_one({"_id": 3, "cut": {}, "at": now})

    status = read_status(stack)

    assert status.end_offsets == {"0": 0, "1": 4, "2": 0}
    assert {name: lag.events for name, lag in status.lags.items()} == {
        "archive": 3,
        "speed": 0,
        "batch": 4,
    }
    longest = (datetime.now(UTC) - before).total_seconds()
    assert 0 < status.lags["archive"].seconds <= status.lags["batch"].seconds <= longest
    assert status.lags["speed"].seconds == 0
    assert status.batch_version == 3
    assert status.last_commit["_id"] == 7


def test_orphans_of_a_killed_supervisor_are_stopped(stack: Settings) -> None:
    """And `down` may be said twice. The last test here: nothing runs afterwards."""
    states = Supervisor(stack).states()
    supervisor = next(p for p in stack_processes(stack) if "supervisord" in " ".join(p.cmdline()))
    supervisor.kill()
    supervisor.wait(timeout=PATIENCE_SECONDS)
    assert {states["kafka"].pid, states["mongod"].pid} <= {p.pid for p in stack_processes(stack)}

    down(stack)

    assert stack_processes(stack) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", stack.mongo_port)) != 0
    down(stack)


def test_the_status_of_what_never_ran_is_an_answer(new_settings: Callable[[], Settings]) -> None:
    status = read_status(new_settings())

    assert not status.is_healthy
    assert {part.state for part in status.components} == {"STOPPED"}
    assert len(status.problems) == 2
