"""Random logs through the real pipeline, with broken and repeated messages, in New York."""

from __future__ import annotations

import random
import shutil
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from deltalake import DeltaTable

from api.analyses.rankings import RANKINGS
from api.application import create_app
from listens import store as collections
from listens.codec import encode
from listens.rules import SHOWN
from listens.views import VIEWS
from tests.aggregation.listens import (
    DETAILS,
    EDGES,
    MS_PLAYED,
    NEW_YORK,
    REASONS,
    listen,
    plain_count,
)
from tests.pipeline.conftest import Pipeline

BROKEN = [
    (b"ann", b"no listen", "bad_marker"),
    (b"ann", b"\xc3\x01" + bytes(20), "unknown_schema"),
    (b"ann", b"", "bad_marker"),
]


@pytest.fixture
def in_new_york(pipeline: Pipeline) -> Pipeline:
    settings = pipeline.settings.model_copy(update={"time_zone": NEW_YORK})
    client = create_app(settings, pipeline.store).test_client()
    return Pipeline(pipeline.spark, settings, pipeline.store, client)


def random_log(rng: random.Random, size: int) -> list[dict[str, Any]]:
    """Listens around the edges of calendars, late by years, a fifth of them repeated."""
    log = [
        listen(
            rng.choice(["ann", "bob", "zoë"]),
            rng.choice(EDGES) + timedelta(seconds=rng.randrange(0, 3 * 86_400)),
            rng.choice(MS_PLAYED),
            rng.randrange(30),
            rng.choice([None, "android", "web"]),
            rng.choice([None, "DE", "US"]),
            rng.choice(REASONS),
            rng.choice([None, True, False]),
            rng.choice(["music"] * 5 + ["podcast", "unknown"]),
            has_album=rng.random() < 0.8,
            details={name: rng.choice(values) for name, values in DETAILS.items()},
        )
        for _ in range(size)
    ]
    log += rng.sample(log, size // 5)
    rng.shuffle(log)
    return log


def messages_of(log: list[dict[str, Any]], rng: random.Random) -> list[tuple[bytes, bytes]]:
    sent = [(one["listener_id"].encode(), encode(one)) for one in log]
    for key, value, _ in BROKEN:
        sent.insert(rng.randrange(len(sent)), (key, value))
    truncated = sent[0][1][:-9]
    return [*sent, (b"ann", truncated), (b"somebody else", sent[0][1])]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_random_logs_are_counted_exactly(in_new_york: Pipeline, seed: int) -> None:
    pipeline, rng = in_new_york, random.Random(seed)
    so_far: list[dict[str, Any]] = []
    for round_ in range(3):
        log = random_log(rng, 600)
        so_far += log
        # Some of what was counted before a batch comes again after it.
        again = rng.sample(so_far, 50)
        pipeline.send(messages_of(log + again, rng))
        pipeline.drain()
        assert_exact(pipeline, so_far)
        if round_ < 2:
            pipeline.batch()
            assert_exact(pipeline, so_far)
            forget_checkpoints(pipeline)

    assert_every_message_is_archived(pipeline)
    reasons = pipeline.store[collections.REJECTED_EVENTS].distinct("reason")
    assert sorted(reasons) == ["bad_marker", "key_mismatch", "undecodable", "unknown_schema"]
    assert pipeline.store[collections.REJECTED_EVENTS].count_documents({}) == 3 * 5
    distinct = len({one["event_id"] for one in so_far})
    assert sum(c["events"] for c in pipeline.store[collections.SPEED_COMMITS].find()) == distinct


def assert_exact(pipeline: Pipeline, log: list[dict[str, Any]]) -> None:
    """Every chart that the API has, all of it, against the plain count."""
    counted = plain_count(log, NEW_YORK)
    charts = {cell[:3] for cell in counted if cell[0] in RANKINGS and cell[1] not in HIDDEN}
    for view, by, value in sorted(charts):
        query = {} if by == "everyone" else dict(zip(by.split("+"), value.split("/"), strict=True))
        answer = pipeline.get(f"/api/top-{view}", **query, limit=1000)

        found = {_key(item, view): _shown(item) for item in answer["items"]}

        assert found == _all_time(counted, view, by, value), (view, query)


HIDDEN = ("song", "artist")
"""Slices that no parameter names."""


def _key(item: dict[str, Any], view: str) -> bytes:
    key = item[RANKINGS[view].key]
    return bytes.fromhex(key) if VIEWS[view].key_type == "id" else key.encode()


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in (*SHOWN, "average_rating", "average_age", "skip_rate")}


def _all_time(counted, view: str, by: str, value: str) -> dict[bytes, dict[str, Any]]:
    sums: dict[bytes, Counter[str]] = defaultdict(Counter)
    for (of, narrowed, of_value, _, key), measures in counted.items():
        if (of, narrowed, of_value) == (view, by, value):
            sums[key].update(measures)
    return {
        key: {name: each[name] for name in SHOWN}
        | {
            "average_rating": _mean(each["rating_sum"], each["rating_count"]),
            "average_age": _mean(each["age_sum"], each["age_count"]),
            "skip_rate": _mean(each["skips"], each["streams"] + each["unheard"]),
        }
        for key, each in sums.items()
    }


def _mean(total: int, count: int) -> float | None:
    return round(total / count, 4) if count else None


def forget_checkpoints(pipeline: Pipeline) -> None:
    shutil.rmtree(local_path(pipeline.settings.checkpoints))


def local_path(uri: str) -> Path:
    return Path(unquote(urlparse(uri).path))


def assert_every_message_is_archived(pipeline: Pipeline) -> None:
    table = DeltaTable(local_path(pipeline.settings.archive_table)).to_pyarrow_table(
        columns=["partition", "offset"]
    )
    held = set(zip(*(table[name].to_pylist() for name in ("partition", "offset")), strict=True))
    last = pipeline.store[collections.SPEED_COMMITS].find_one(sort=[("_id", -1)])
    assert last is not None
    assert held == {
        (int(partition), offset)
        for partition, end in last["until"].items()
        for offset in range(end)
    }
