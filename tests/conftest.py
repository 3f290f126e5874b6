"""Real services for the tests: on free ports, in a temporary home, started when first needed."""

from __future__ import annotations

import os
import random
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from listens.brokers import ensure_topic
from listens.settings import Settings
from stack.lifecycle import down, start, wait_until_ready
from stack.mongo import client

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PORT_SETTINGS = ("kafka_port", "kafka_controller_port", "mongo_port", "api_port")
# Below the range from which the system takes the near ends of connections.
PORTS_FROM, PORTS_TO = 20_000, 32_000
MOST_TESTERS = 8
"""Processes that may test side by side, each with a part of the ports."""


@pytest.fixture(scope="session", autouse=True)
def only_default_settings() -> Iterator[None]:
    """Take the caller's PLAYCOUNT_ variables away, but for the jars, which are made once."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("PLAYCOUNT_") and name != "PLAYCOUNT_JARS":
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def new_settings(
    tmp_path_factory: pytest.TempPathFactory, only_default_settings: None
) -> Callable[[], Settings]:
    """Makes settings with a home and ports of their own; who starts a stack there stops it."""

    def make() -> Settings:
        home = tmp_path_factory.mktemp("home")
        # No batch but those that a test asks for, whatever the time of the day.
        own = {"home": home, "batch_schedule": "", "archive_schedule": "", "batch_after_events": 0}
        return Settings().model_copy(update={**own, **free_ports()})

    return make


@pytest.fixture(scope="session")
def settings(new_settings: Callable[[], Settings]) -> Iterator[Settings]:
    """The settings that all tests share; what runs there is stopped when the session ends."""
    shared = new_settings()
    yield shared
    down(shared)


@pytest.fixture(scope="session")
def kafka_server(settings: Settings) -> Settings:
    """A running broker, with the settings' topic."""
    return _running(settings, "kafka")


@pytest.fixture(scope="session")
def mongo_server(settings: Settings) -> Settings:
    """A running MongoDB replica set of one."""
    return _running(settings, "mongod")


@pytest.fixture
def database_name(mongo_server: Settings) -> Iterator[str]:
    """A database that isn't there yet; a folder may have another one for its tests."""
    name = unique_name()
    yield name
    with client(mongo_server) as mongo:
        mongo.drop_database(name)


@pytest.fixture
def fresh_database(mongo_server: Settings, database_name: str, tmp_path: Path) -> Settings:
    """Settings with an empty database, and a topic name, an archive and checkpoints of its own."""
    return mongo_server.model_copy(
        update={
            "database": database_name,
            "topic": unique_name(),
            "archive_uri": (tmp_path / "archive").as_uri(),
            "checkpoint_uri": (tmp_path / "checkpoints").as_uri(),
        }
    )


@pytest.fixture
def fresh_topic(kafka_server: Settings, fresh_database: Settings) -> Settings:
    """`fresh_database`, whose topic exists and is empty."""
    ensure_topic(fresh_database)
    return fresh_database


@pytest.fixture(scope="session")
def spark(settings: Settings) -> Iterator[SparkSession]:
    """The one session of all tests: two cores, two shuffle partitions, UTC, no user interface."""
    from listens.aggregation.session import spark_session

    local = settings.model_copy(update={"spark_master": "local[2]"})
    with pytest.MonkeyPatch.context() as patch:
        # It lives long enough to be worth what the Makefile spares the JVMs of commands.
        patch.delenv("SPARK_SUBMIT_OPTS", raising=False)
        session = spark_session(local, "tests")
    yield session
    session.stop()


def unique_name() -> str:
    """For a database or topic of a test."""
    return f"test_{uuid.uuid4().hex[:12]}"


def free_ports() -> dict[str, int]:
    """A free port for each setting that names one."""
    return dict(zip(PORT_SETTINGS, some_free_ports(len(PORT_SETTINGS)), strict=True))


def some_free_ports(count: int) -> list[int]:
    """So many ports that are free, and that no other tester takes meanwhile."""
    own = range(PORTS_FROM + _tester() % MOST_TESTERS, PORTS_TO, MOST_TESTERS)
    candidates = iter(random.sample(own, 200))
    return [next(port for port in candidates if is_free(port)) for _ in range(count)]


def _tester() -> int:
    """The number of this process among those that pytest-xdist runs; 0 where it runs none."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def is_free(port: int) -> bool:
    """Nothing listens on it."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _running(settings: Settings, name: str) -> Settings:
    start(settings, (name,))
    wait_until_ready(settings, (name,), progress=lambda _name, _reason: None)
    return settings
