"""The sink `postgres` with a real Kafka, MongoDB and PostgreSQL."""

from __future__ import annotations

import signal
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from listens.brokers import admin_client
from listens.settings import Settings
from listens.sinks import consumer_group
from tests.sinks.commands import Commands, eventually
from tests.sinks.postgresql import Server
from tests.sinks.topic import NO_LISTENS, Topic


@pytest.fixture
def ours(topic: Topic, postgres: Server) -> Settings:
    return topic.settings.model_copy(update={"postgres_uri": postgres.uri})


def count(database: psycopg.Connection[Any]) -> int:
    if not database.execute("SELECT to_regclass('listens')").fetchone()[0]:
        return 0
    return database.execute("SELECT count(*) FROM listens").fetchone()[0]


def assert_table_holds(database: psycopg.Connection[Any], topic: Topic) -> None:
    """Each listen once, with every field as it was sent."""
    rows = database.cursor(row_factory=dict_row).execute("SELECT * FROM listens").fetchall()
    assert len(rows) == len(topic.listens)
    for row in rows:
        sent = topic.listens[bytes(row["event_id"])]
        expected = {name: row_value(sent.get(name)) for name in row}
        del expected["kafka_partition"], expected["kafka_offset"]
        assert {name: row[name] for name in expected} == expected


def row_value(value: object) -> object:
    """The one character that PostgreSQL can't hold is replaced."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def test_killed_again_and_again_it_has_each_listen_once(
    topic: Topic, ours: Settings, database: psycopg.Connection[Any], commands: Commands
) -> None:
    topic.send(20_000)
    topic.send_no_listens()
    for _ in range(3):
        before = count(database)
        running = commands.start(ours, "postgres")
        eventually(lambda before=before: count(database) > before, "more rows")
        running.kill()
    assert 0 < count(database) < len(topic.listens), "it was to be killed in the midst of it"

    commands.drain(ours, "postgres")

    assert_table_holds(database, topic)


def test_what_is_delivered_once_more_changes_no_row(
    topic: Topic, ours: Settings, database: psycopg.Connection[Any], commands: Commands
) -> None:
    """As after a crash between the write and the commit of its offsets."""
    topic.send(500)
    commands.drain(ours, "postgres")
    written = database.execute("SELECT event_id, xmin, ctid FROM listens ORDER BY 1").fetchall()
    admin = admin_client(ours)
    admin.delete_groups([consumer_group("postgres", ours.database)])
    admin.close()

    said = commands.drain(ours, "postgres")

    assert "from its beginning, 0" in said
    assert (
        database.execute("SELECT event_id, xmin, ctid FROM listens ORDER BY 1").fetchall()
        == written
    )


def test_messages_that_are_no_listens_are_told_by_their_reasons(
    topic: Topic, ours: Settings, database: psycopg.Connection[Any], commands: Commands
) -> None:
    topic.send_no_listens()
    topic.send(100)

    said = commands.drain(ours, "postgres")

    for reason in ("bad_marker 1", "unknown_schema 1", "undecodable 1", "key_mismatch 1"):
        assert reason in said
    assert NO_LISTENS == 4
    assert count(database) == 100


def test_while_the_target_is_away_it_waits_and_says_so(
    topic: Topic,
    ours: Settings,
    postgres: Server,
    database: psycopg.Connection[Any],
    commands: Commands,
) -> None:
    topic.send(300)
    postgres.stop()
    running = commands.start(ours, "postgres")
    eventually(lambda: "attempt 2 failed, trying again: PostgreSQL: " in running.output, "retries")
    postgres.start()
    with psycopg.connect(postgres.uri, autocommit=True) as connection:
        eventually(lambda: count(connection) == 300, "the first listens")
    postgres.stop()
    topic.send(200, seed=2)
    eventually(lambda: "works again" in running.output, "the first success")
    eventually(lambda: running.output.count("attempt 1 failed") == 2, "the second failure")
    postgres.start()
    with psycopg.connect(postgres.uri, autocommit=True) as connection:
        eventually(lambda: count(connection) == 500, "the others")
        assert_table_holds(connection, topic)

    running.process.send_signal(signal.SIGTERM)
    assert running.end() == 0
    assert running.output.splitlines()[-1].endswith("stopped")


def test_two_processes_share_the_work(
    topic: Topic, ours: Settings, database: psycopg.Connection[Any], commands: Commands
) -> None:
    topic.send(5_000)
    both = [commands.start(ours, "postgres", "--until-drained") for _ in range(2)]

    assert [one.end() for one in both] == [0, 0], [one.output for one in both]
    assert_table_holds(database, topic)


def test_a_table_from_before_a_field_was_added_is_extended(
    topic: Topic, ours: Settings, database: psycopg.Connection[Any], commands: Commands
) -> None:
    topic.send(10)
    commands.drain(ours, "postgres")
    database.execute("ALTER TABLE listens DROP COLUMN mood, DROP COLUMN city")
    topic.send(10, seed=2)

    commands.drain(ours, "postgres")

    cities = database.execute("SELECT city, count(*) FROM listens GROUP BY 1 ORDER BY 1").fetchall()
    assert cities == [("Kathmandu", 10), (None, 10)]
