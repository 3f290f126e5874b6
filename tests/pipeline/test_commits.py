"""How micro-batches become commits."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from kafka.admin import NewPartitions

from listens import codec, topic
from listens import store as collections
from listens.brokers import admin_client
from listens.commits import begin
from listens.erasures import BEGUN, Erasure, digest_of
from listens.rules import ERASED
from streaming import speed
from streaming.waiting import Waiting
from tests.aggregation.listens import listen
from tests.crashes.harness import eventually
from tests.pipeline.conftest import Pipeline
from tests.pipeline.test_random_logs import local_path

START = datetime(2024, 1, 5, 8, tzinfo=UTC)


def test_a_batch_too_large_for_one_commit_is_counted_in_several(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        listen(f"listener {n % 7}", START + timedelta(minutes=n), 40_000, n % 9, "web", "DE", None,
               None, "music", True)
        for n in range(1_000)
    ]  # fmt: skip
    pipeline.send([(row["listener_id"].encode(), codec.encode(row)) for row in [*rows, *rows[:50]]])
    described = topic.describe(pipeline.settings)
    head = begin(pipeline.store, topic_id=described.topic_id, beginning=described.beginning)
    monkeypatch.setattr(speed, "MOST_ROWS", 300)
    layer = speed.SpeedLayer(
        store=pipeline.store, settings=pipeline.settings, topic_id=described.topic_id
    )

    layer.count(whole_topic(pipeline))
    layer.count(whole_topic(pipeline))  # a batch that runs again has nothing to add

    commits = [*pipeline.store[collections.SPEED_COMMITS].find(sort=[("_id", 1)])]
    assert [commit["_id"] for commit in commits] == [head.seq, 1, 2, 3, 4]
    assert [c["events"] + c["duplicates"] for c in commits[1:]] == [300, 300, 300, 150]
    assert sum(commit["events"] for commit in commits) == 1_000
    assert all(a["until"] == b["from"] for a, b in pairwise(commits))
    assert commits[-1]["until"] == {str(at): end for at, end in described.end.items()}
    assert pipeline.get("/api/summary")["streams"] == 1_000


def test_an_erasure_that_begins_between_two_commits_of_a_batch_hides_what_was_decoded(
    pipeline: Pipeline,
) -> None:
    rows = [
        listen(f"listener {n % 2}", START + timedelta(minutes=n), 40_000, n % 9, "web", "DE", None,
               None, "music", True)
        for n in range(100)
    ]  # fmt: skip
    pipeline.send([(row["listener_id"].encode(), codec.encode(row)) for row in rows])
    end = topic.describe(pipeline.settings).end
    batch = Waiting(whole_topic(pipeline), settings=pipeline.settings)
    erasure = Erasure(1, digest_of("listener 1"), {}, end, {}, BEGUN, 0, ())

    before = batch.from_({}, erased=[])
    after = batch.from_({}, erased=[erasure])

    assert sorted(before["listener_id"].to_pylist()) == ["listener 0"] * 50 + ["listener 1"] * 50
    assert [name for name in after["listener_id"].to_pylist() if name] == ["listener 0"] * 50
    assert after["rejection"].to_pylist().count(ERASED) == 50


def test_a_topic_may_get_more_partitions(pipeline: Pipeline) -> None:
    def send(first: int) -> None:
        rows = [
            listen(f"listener {n}", START + timedelta(minutes=n), 40_000, n % 9, "web", "DE", None,
                   None, "music", True)
            for n in range(first, first + 60)
        ]  # fmt: skip
        pipeline.send([(row["listener_id"].encode(), codec.encode(row)) for row in rows])
        pipeline.drain()

    send(0)
    with closing(admin_client(pipeline.settings)) as admin:
        admin.create_partitions({pipeline.settings.topic: NewPartitions(total_count=7)})
    eventually(lambda: len(topic.describe(pipeline.settings).end) == 7, "seven partitions")
    # What Spark remembers of three partitions is lost, too.
    shutil.rmtree(local_path(pipeline.settings.checkpoints))
    send(60)
    version = pipeline.batch()
    send(120)

    assert version["events"] == 120
    assert len(version["cut"]) == 7
    assert pipeline.get("/api/summary")["streams"] == 180
    assert pipeline.get("/api/slices", limit=1)["listener"]["total"] == 180


def whole_topic(pipeline: Pipeline):
    return (
        pipeline.spark.read.format("kafka")
        .option("kafka.bootstrap.servers", pipeline.settings.bootstrap_servers)
        .option("subscribe", pipeline.settings.topic)
        .load()
        .selectExpr("key", "value", "topic", "partition", "offset", "timestamp AS received_at")
    )
