"""What a batch does besides being exact: it audits, and writes only what has changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from batch import versions
from batch.audit import AuditFailedError
from listens import codec
from listens import store as collections
from listens.packing import pack_column, unpack_column
from tests.aggregation.listens import listen
from tests.pipeline.conftest import Pipeline

JANUARY, MARCH = datetime(2024, 1, 5, 8, tzinfo=UTC), datetime(2024, 3, 7, 8, tzinfo=UTC)
NEXT_YEAR = datetime(2025, 2, 1, 8, tzinfo=UTC)


def sent(pipeline: Pipeline, *moments: datetime) -> None:
    """One listen of ann at each moment, sent and counted."""
    rows = [listen("ann", at, 40_000, 1, "web", "DE", None, None, "music", True) for at in moments]
    pipeline.send([(b"ann", codec.encode(row)) for row in rows])
    pipeline.drain()


def test_a_count_that_was_changed_by_hand_isnt_published(pipeline: Pipeline) -> None:
    sent(pipeline, JANUARY, MARCH)
    first = pipeline.batch()
    sent(pipeline, NEXT_YEAR)
    segments = pipeline.store[collections.SPEED_SEGMENTS]
    which = {"view": "songs", "by": "country", "seq": {"$gt": first["cut_seq"]}}
    segment = segments.find_one(which)
    plays = unpack_column(segment["measures"]["plays"], segment["n"]) + 1
    segments.update_one(which, {"$set": {"measures.plays": pack_column(plays)}})

    with pytest.raises(AuditFailedError, match="2025-02") as failed:
        pipeline.batch()

    (differing,) = failed.value.keys
    assert (differing["view"], differing["by"], differing["value"]) == ("songs", "country", "DE")
    assert differing["difference"] == {"plays": -1}
    assert versions.current(pipeline.store)["_id"] == first["_id"]


def test_only_the_windows_that_changed_are_written(pipeline: Pipeline) -> None:
    sent(pipeline, JANUARY, MARCH)
    first = pipeline.batch()
    sent(pipeline, NEXT_YEAR)

    second = pipeline.batch()

    written = {
        window for window, about in second["windows"].items()
        if about["generation"] == second["_id"]
    }  # fmt: skip
    assert written == {"all", "2025", "2025-02"}
    kept = second["windows"].keys() - written
    assert kept == {"2024", "2024-01", "2024-03"}
    assert all(second["windows"][window] == first["windows"][window] for window in kept)
    generations = pipeline.store[collections.BATCH_CHARTS].distinct(
        "generation", {"window": {"$in": sorted(kept)}}
    )
    assert generations == [first["_id"]]


def test_nothing_new_is_a_version_that_writes_nothing(pipeline: Pipeline) -> None:
    sent(pipeline, JANUARY)
    first = pipeline.batch()

    second = pipeline.batch()

    assert second["_id"] > first["_id"]
    assert second["windows"] == first["windows"]
