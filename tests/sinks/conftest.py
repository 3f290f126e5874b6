"""The systems that sinks hand listens to, as real processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from listens.settings import Settings
from tests.sinks.commands import Commands
from tests.sinks.postgresql import Server
from tests.sinks.topic import Topic


@pytest.fixture
def topic(fresh_topic: Settings) -> Topic:
    """An empty topic of its own."""
    return Topic(fresh_topic)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A PostgreSQL that runs."""
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def database(postgres: Server) -> Iterator[psycopg.Connection[Any]]:
    """A connection to it; there's no table of the sink yet."""
    postgres.start()
    with psycopg.connect(postgres.uri, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS listens")
        yield connection


@pytest.fixture
def commands() -> Iterator[Commands]:
    """Starts sinks as processes of their own."""
    starter = Commands()
    yield starter
    starter.kill_all()
