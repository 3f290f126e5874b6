"""Two of a kind at once, as after a freeze: step by step, what the crash tests hit only rarely."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from kafka import KafkaProducer
from pyspark.sql import DataFrame, SparkSession

from batch import garbage, versions
from batch.versions import LEASE, BatchBusyError
from listens import store as collections
from listens import topic
from listens.aggregation.archive import coverage
from listens.settings import Settings
from listens.store import Store, connect
from streaming import application
from streaming.archive import Archive

TOPIC_ID = "topic"


def messages(spark: SparkSession, **offsets: range) -> DataFrame:
    """Junk at some offsets of partitions that are named `p0`, `p1` and so on."""
    rows = [
        (b"key", b"junk", "topic", int(name[1:]), offset, datetime(2026, 1, 1, tzinfo=UTC))
        for name, span in offsets.items()
        for offset in span
    ]
    return spark.createDataFrame(
        rows,
        "key binary, value binary, topic string, partition int, offset long, received_at timestamp",
    )


@pytest.fixture
def store(fresh_database: Settings) -> Store:
    return connect(fresh_database)


def archive(spark: SparkSession, store: Store, settings: Settings) -> Archive:
    return Archive(spark, store=store, settings=settings, topic_id=TOPIC_ID, beginning={})


def send_junk(settings: Settings) -> None:
    """One message that is no listen, in partition 0."""
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap_servers)
    producer.send(settings.topic, key=b"key", value=b"junk", partition=0).get(timeout=60)
    producer.close()


def drain(spark: SparkSession, store: Store, settings: Settings, *, described: topic.Topic) -> None:
    """Run both queries, from a new start, to the topic's end."""
    starters = application.starters(
        spark, store=store, settings=settings, described=described, once=True
    )
    for query in [begin() for begin in starters]:
        query.awaitTermination()


def told(store: Store) -> dict[str, int]:
    document = store[collections.ARCHIVE_COVERAGE].find_one({"_id": "archive"})
    return document["until"] if document else {}


def test_of_two_archive_writers_each_writes_what_it_read(
    spark: SparkSession, store: Store, fresh_database: Settings
) -> None:
    """The second one's vector sums up to less than the first one's, which is no reason to skip."""
    one, other = (archive(spark, store, fresh_database) for _ in range(2))

    one.append(messages(spark, p0=range(9)))
    other.append(messages(spark, p1=range(5)))

    rows = spark.read.format("delta").load(fresh_database.archive_table)
    assert sorted(row[:] for row in rows.groupBy("partition").count().collect()) == [(0, 9), (1, 5)]


def test_the_slower_archive_writer_takes_nothing_back(
    spark: SparkSession, store: Store, fresh_database: Settings
) -> None:
    fast, slow = (archive(spark, store, fresh_database) for _ in range(2))
    fast.append(messages(spark, p0=range(9), p1=range(2)))

    slow.append(messages(spark, p0=range(4), p1=range(3)))

    assert told(store) == {"0": 9, "1": 3}


def test_an_archive_says_at_its_start_what_it_could_not_say_before(
    spark: SparkSession, store: Store, fresh_topic: Settings
) -> None:
    """Killed between the commit of its table and MongoDB: else a batch would wait for ever."""
    send_junk(fresh_topic)
    drain(spark, store, fresh_topic, described=topic.describe(fresh_topic))
    store[collections.ARCHIVE_COVERAGE].delete_one({"_id": "archive"})

    drain(spark, store, fresh_topic, described=topic.describe(fresh_topic))

    assert told(store) == {"0": 1, "1": 0, "2": 0}
    covered = coverage(spark, table=fresh_topic.archive_table)
    assert covered is not None
    assert covered.until == {0: 1, 1: 0, 2: 0}


def test_the_coverage_of_another_topic_counts_for_nothing(
    spark: SparkSession, store: Store, fresh_database: Settings
) -> None:
    store[collections.ARCHIVE_COVERAGE].insert_one(
        {"_id": "archive", "topic_id": "the topic before", "until": {"0": 500, "7": 1}}
    )

    archive(spark, store, fresh_database).append(messages(spark, p0=range(9)))

    assert told(store) == {"0": 9}


def test_an_application_may_start_while_another_counts(
    spark: SparkSession, store: Store, fresh_topic: Settings
) -> None:
    """What the other has counted since this one asked for the topic's end is no gap."""
    asked_early = topic.describe(fresh_topic)
    send_junk(fresh_topic)
    drain(spark, store, fresh_topic, described=topic.describe(fresh_topic))

    drain(spark, store, fresh_topic, described=asked_early)

    assert store[collections.SPEED_COMMITS].count_documents({}) == 2


def test_a_batch_that_was_taken_for_dead_cannot_publish(store: Store) -> None:
    """Frozen past its lease; its charts may have been collected by the one that came after."""
    frozen = versions.reserve(store)
    silent_since = datetime.now(UTC) - LEASE - timedelta(seconds=1)
    store[collections.BATCH_VERSIONS].update_one(
        {"_id": frozen}, {"$set": {"alive_at": silent_since}}
    )

    after = versions.reserve(store)
    versions.keep_alive(store, frozen)

    with pytest.raises(BatchBusyError, match="taken for dead"):
        versions.publish(store, frozen, {"windows": {}}, over=0)
    versions.publish(store, after, {"windows": {}}, over=0)
    assert versions.current(store)["_id"] == after


def test_a_batch_killed_before_the_swap_is_never_read(store: Store) -> None:
    """It had called itself ready already; the next one removes what it wrote."""
    charts = store[collections.BATCH_CHARTS]
    first = versions.reserve(store)
    charts.insert_one({"generation": first, "window": "2026"})
    kept = {"cut_seq": 0, "windows": {"2026": {"generation": first}}}
    versions.publish(store, first, kept, over=0)
    dead = versions.reserve(store)
    charts.insert_one({"generation": dead, "window": "2026"})
    store[collections.BATCH_VERSIONS].update_one(
        {"_id": dead},
        {"$set": {"state": "ready", "cut_seq": 0, "windows": {"2026": {"generation": dead}}}},
    )
    assert versions.current(store)["_id"] == first

    after = versions.reserve(store)
    versions.publish(store, after, kept, over=first)
    garbage.collect(store, current=versions.current(store), previous=versions.previous(store))

    assert charts.distinct("generation") == [first]
    states = {version["_id"]: version["state"] for version in versions.all_versions(store)}
    assert states == {first: "ready", dead: "retired", after: "ready"}


def test_a_batch_that_is_alive_keeps_others_out(store: Store) -> None:
    versions.reserve(store)

    with pytest.raises(BatchBusyError, match="runs already"):
        versions.reserve(store)


def test_nothing_is_read_that_a_crash_can_take_back(store: Store) -> None:
    """The API keeps charts by commit number: a lost commit's number is given again."""
    assert store.read_concern.level == "majority"
    assert store.write_concern.document == {"w": "majority", "j": True}
