"""The sink `cassandra` with a real Kafka, MongoDB and Cassandra."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from statistics import mean
from typing import Any

import psutil
import pytest
from cassandra.cluster import Cluster

from listens.brokers import admin_client
from listens.settings import Settings
from listens.sinks import consumer_group
from tests.sinks.cassandra_node import Cassandra
from tests.sinks.commands import Commands, eventually
from tests.sinks.topic import Topic

FREE_GB = 8

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(
        psutil.virtual_memory().available < FREE_GB * 1e9,
        reason=f"a Cassandra beside the other services needs {FREE_GB} GB of free memory",
    ),
]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cassandra]:
    cassandra = Cassandra(tmp_path_factory.mktemp("cassandra"))
    try:
        cassandra.start()
        yield cassandra
    finally:
        cassandra.kill()


@pytest.fixture
def ours(topic: Topic, node: Cassandra) -> Settings:
    where = {"cassandra_hosts": "127.0.0.1", "cassandra_port": node.port}
    return topic.settings.model_copy(
        update={**where, "cassandra_keyspace": topic.settings.database}
    )


def rows(ours: Settings, query: str, *values: object) -> list[Any]:
    cluster = Cluster([ours.cassandra_hosts], port=ours.cassandra_port)
    try:
        session = cluster.connect(ours.cassandra_keyspace)
        return list(session.execute(query, values, timeout=60))
    finally:
        cluster.shutdown()


def ages_by_artist(topic: Topic) -> dict[bytes, list[int]]:
    """The ages of each music stream, by plain counting."""
    ages = defaultdict(list)
    for each in topic.listens.values():
        is_stream = each["kind"] == "music" and each["ms_played"] > 0
        if is_stream and each["listener_age"] is not None:
            ages[each["artist_id"]].append(each["listener_age"])
    return ages


def assert_tables_hold(ours: Settings, topic: Topic) -> None:
    found = rows(ours, "SELECT listener, event_id, ms_played FROM music_streams_by_user")
    assert sorted(tuple(row) for row in found) == sorted(
        (each["listener_id"], event_id, each["ms_played"])
        for event_id, each in topic.listens.items()
    )
    buckets = ",".join(map(str, range(16)))
    query = (
        "SELECT avg(cast(age AS double)), count(*) FROM listener_ages_by_artist "
        f"WHERE artist_id = %s AND bucket IN ({buckets})"
    )
    for artist, ages in ages_by_artist(topic).items():
        [(average, count)] = rows(ours, query, artist)
        assert count == len(ages)
        assert average == pytest.approx(mean(ages))


def test_killed_and_delivered_again_both_tables_hold_each_listen_once(
    topic: Topic, ours: Settings, commands: Commands
) -> None:
    topic.send(6_000)
    running = commands.start(ours, "cassandra")
    eventually(lambda: "handed over" in running.output, "the first rows")
    running.kill()
    commands.drain(ours, "cassandra")
    assert_tables_hold(ours, topic)

    admin = admin_client(ours)
    admin.delete_groups([consumer_group("cassandra", ours.database)])
    admin.close()
    commands.drain(ours, "cassandra")

    assert_tables_hold(ours, topic)


def test_a_listeners_newest_listens_come_first(
    topic: Topic, ours: Settings, commands: Commands
) -> None:
    topic.send(200, listeners=2)
    commands.drain(ours, "cassandra")

    found = rows(
        ours, "SELECT event_id FROM music_streams_by_user WHERE listener = %s LIMIT 5", "listener 1"
    )

    theirs = [each for each in topic.listens.values() if each["listener_id"] == "listener 1"]
    theirs.sort(key=lambda each: each["ended_at"], reverse=True)
    assert [row.event_id for row in found] == [each["event_id"] for each in theirs[:5]]


def test_while_cassandra_is_away_the_sink_waits(
    topic: Topic, ours: Settings, node: Cassandra, commands: Commands
) -> None:
    node.kill()
    topic.send(100)
    running = commands.start(ours, "cassandra")
    eventually(lambda: "attempt 2 failed, trying again: Cassandra: " in running.output, "retries")
    node.start()

    commands.drain(ours, "cassandra")

    assert_tables_hold(ours, topic)
