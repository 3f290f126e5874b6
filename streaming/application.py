"""The streaming application: the queries `speed` and `archive`, until it is told to stop."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pymongo
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from listens import commits, topic
from listens import store as collections
from listens.aggregation.messages import kafka_messages
from listens.aggregation.session import spark_session
from listens.offsets import Offsets
from listens.settings import ARCHIVE_QUERY, SPEED_QUERY, Settings
from listens.stopping import stop_on_signals
from listens.store import Store, connect, ensure_indexes
from streaming import archive, speed
from streaming.offsets import starting_offsets
from streaming.patience import PATIENCE_SECONDS, WatchedQuery

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2
STOP_WITHIN_SECONDS = 15
"""How long a stop waits for the micro-batch under way; cut off, it runs again at the start."""

CHECKPOINTED_BATCHES = 10
"""Micro-batches that a checkpoint remembers. A restart needs the last one; where it ended is told
by MongoDB and the archive. Spark's 100 are 400 files a query with those of their checksums."""


def run(settings: Settings, *, until_drained: bool = False) -> None:
    """Run both queries until SIGTERM or SIGINT, or, `until_drained`, until the topic's end.

    Raises:
        StreamingFailedError: a query failed; its error is the cause.
    """
    store = connect(settings, timeout_seconds=60)
    ensure_indexes(store)
    described = topic.describe(settings)
    spark = spark_session(settings, "playcount streaming")
    try:
        count, keep = starters(
            spark, store=store, settings=settings, described=described, once=until_drained
        )
        # What comes in is counted also while the archive can't be written.
        patience_seconds = 0 if until_drained else PATIENCE_SECONDS
        queries = [WatchedQuery(count, 0, count()), WatchedQuery(keep, patience_seconds, keep())]
        _watch(queries, store=store, stop=stop_on_signals())
    finally:
        spark.stop()


def starters(
    spark: SparkSession,
    *,
    store: Store,
    settings: Settings,
    described: topic.Topic,
    once: bool = False,
) -> tuple[Callable[[], StreamingQuery], Callable[[], StreamingQuery]]:
    """What starts `speed` and `archive` where MongoDB and the archive say that they ended."""
    head = commits.begin(store, topic_id=described.topic_id, beginning=described.beginning)
    raw = archive.Archive(
        spark,
        store=store,
        settings=settings,
        topic_id=described.topic_id,
        beginning=described.beginning,
    )
    # Asked again, as another application may have read what has come since the first time.
    now = topic.describe(settings)
    topic.check_resumable(now, topic_id=head.topic_id, until=head.until, what="the speed layer")
    topic.check_resumable(now, topic_id=raw.topic_id, until=raw.until, what="the archive")
    spark.conf.set("spark.sql.streaming.minBatchesToRetain", CHECKPOINTED_BATCHES)
    layer = speed.SpeedLayer(store=store, settings=settings, topic_id=described.topic_id)

    def count(messages: DataFrame, _: int) -> None:
        layer.count(messages)

    def keep(messages: DataFrame, _: int) -> None:
        raw.append(messages)

    def begin_speed() -> StreamingQuery:
        return _query(spark, settings, name=SPEED_QUERY, offsets=described.beginning | head.until,
                      each=count, seconds=settings.speed_trigger_seconds,
                      most=settings.max_offsets_per_trigger, once=once)  # fmt: skip

    def begin_archive() -> StreamingQuery:
        # What it wrote before it failed may not be told yet.
        raw.publish()
        return _query(spark, settings, name=ARCHIVE_QUERY, offsets=raw.until, each=keep,
                      seconds=settings.archive_trigger_seconds,
                      most=settings.archive_max_offsets_per_trigger, once=once)  # fmt: skip

    return begin_speed, begin_archive


def _query(
    spark: SparkSession,
    settings: Settings,
    *,
    name: str,
    offsets: Offsets,
    each: Callable[[DataFrame, int], None],
    seconds: float,
    most: int,
    once: bool,
) -> StreamingQuery:
    # The thread's pool is the query's: with FAIR scheduling a long archive commit
    # doesn't hold up the speed layer.
    spark.sparkContext.setLocalProperty("spark.scheduler.pool", name)
    messages = kafka_messages(
        spark,
        settings,
        starting_offsets=starting_offsets(settings.topic, offsets),
        max_offsets=most,
    )
    writer = (
        messages.writeStream.queryName(name)
        .option("checkpointLocation", f"{settings.checkpoints}/{name}")
        .foreachBatch(each)
    )
    trigger = (
        writer.trigger(availableNow=True)
        if once
        else writer.trigger(processingTime=f"{seconds} seconds")
    )
    return trigger.start()


def _watch(queries: list[WatchedQuery], *, store: Store, stop: threading.Event) -> None:
    began = datetime.now(UTC)
    while not stop.wait(HEARTBEAT_SECONDS):
        for watched in queries:
            watched.look()
        if not any(watched.query.isActive for watched in queries):
            return
        if _beat(store, since=began):
            log.info("asked to stop")
            break
    deadline = time.monotonic() + STOP_WITHIN_SECONDS
    for watched in queries:
        _stop(watched.query, deadline=deadline)
    log.info("stopped")


def _stop(query: StreamingQuery, *, deadline: float) -> None:
    """Let the micro-batch under way end; the next follows at once when there's much to do."""
    ended = _batches_ended(query)
    while query.status["isTriggerActive"] and time.monotonic() < deadline:
        if _batches_ended(query) != ended:
            break
        time.sleep(0.05)
    query.stop()


def _batches_ended(query: StreamingQuery) -> int:
    progress = query.lastProgress
    return progress.batchId if progress else -1


def _beat(store: Store, *, since: datetime) -> bool:
    """Say that it's alive; whether somebody has asked it to stop since it began."""
    try:
        # Not longer: SIGTERM is looked at between two of them.
        with pymongo.timeout(HEARTBEAT_SECONDS):
            beat = store[collections.HEARTBEATS].find_one_and_update(
                {"_id": "streaming"},
                {"$set": {"at": datetime.now(UTC), "pid": os.getpid()}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
    except PyMongoError as error:
        log.warning("no heartbeat: %s", type(error).__name__)
        return False
    return bool(beat and beat.get("stop_at", since) > since)
