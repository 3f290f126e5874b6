"""What a batch does besides being exact: it audits, and writes only what has changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from batch import recount, versions
from batch.audit import AuditFailedError
from batch.diff import diff
from listens import codec
from listens import store as collections
from listens.errors import UserMistakeError
from listens.packing import pack_column, unpack_chart, unpack_column
from listens.rules import MEASURES
from listens.windows import Span, day_number
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


def months_around(first: datetime, end: datetime) -> Span:
    return Span(day_number(first.date()), day_number(end.date()))


def answers(pipeline: Pipeline) -> list[Any]:
    asked = [
        pipeline.get(f"/api/top-{view}", window=window, limit=1000)
        for view in ("songs", "artists", "albums")
        for window in ("all", "2024", "2025", "2024-01", "2024-03", "2025-02", "2024-W10")
    ]
    return [(answer["items"], answer["total"]) for answer in asked]


def test_a_backfill_of_a_range_is_what_a_full_run_makes(pipeline: Pipeline) -> None:
    sent(pipeline, JANUARY, MARCH, NEXT_YEAR)
    first = pipeline.batch()
    sent(pipeline, MARCH + timedelta(hours=1), NEXT_YEAR + timedelta(days=2))
    before = answers(pipeline)

    filled = recount.run(
        pipeline.spark, pipeline.store, settings=pipeline.settings, tell=pipeline.told.append,
        span=months_around(JANUARY, JANUARY + timedelta(days=1)),
    )  # fmt: skip

    written = {w for w, about in filled["windows"].items() if about["generation"] == filled["_id"]}
    assert written == {"2024-03", "2024", "2025-02", "2025", "all"}
    assert filled["windows"]["2024-01"] == first["windows"]["2024-01"]
    assert answers(pipeline) == before
    assert pipeline.verify() == []
    assert pipeline.batch()["windows"] == filled["windows"]


def stored_charts(pipeline: Pipeline) -> dict[Any, list[tuple[Any, ...]]]:
    """What a chart is about → its rows, in the current version."""
    windows = versions.current(pipeline.store)["windows"]
    charts: dict[Any, list[tuple[Any, ...]]] = {}
    for document in pipeline.store[collections.BATCH_CHARTS].find():
        if windows[document["window"]]["generation"] != document["generation"]:
            continue
        about = tuple(document[name] for name in ("view", "by", "value", "grain", "window"))
        chart = unpack_chart(document)
        days = document.get("windows", b"")
        rows = zip(
            chart.key.tolist(), *(chart.measures[name].tolist() for name in MEASURES), strict=True
        )
        assert (about, document["part"]) not in charts
        charts[about, document["part"]] = [days, *rows]
    return charts


def test_months_written_a_few_at_a_time_are_what_all_at_once_are(pipeline: Pipeline) -> None:
    pipeline.command(
        "simulate", "--rows", "600", "--listeners", "4", "--songs", "60", "--seed", "3",
        "--to-kafka",
    )  # fmt: skip
    pipeline.drain()
    first = pipeline.batch()
    at_once = stored_charts(pipeline)
    # As if it counted by other rules, so that the next one takes no window over.
    pipeline.store[collections.BATCH_VERSIONS].update_one(
        {"_id": first["_id"]}, {"$set": {"rules_version": 0}}
    )

    pipeline.settings = pipeline.settings.model_copy(update={"batch_events_at_once": 150})
    pipeline.batch(pipeline.told.append)

    assert len([step for step in pipeline.told if step.startswith("write: ")]) > 3
    assert stored_charts(pipeline) == at_once
    assert pipeline.verify() == []

    sent(pipeline, JANUARY)
    later = pipeline.batch()
    written = {w for w, about in later["windows"].items() if about["generation"] == later["_id"]}
    assert written == {"2024-01", "2024", "all"}
    assert pipeline.verify() == []


def test_a_backfill_needs_a_version_to_take_the_rest_from(pipeline: Pipeline) -> None:
    sent(pipeline, JANUARY)

    done = pipeline.command(
        "batch", "backfill", "--from", "2024-01-01", "--to", "2024-02-01", check=False
    )

    assert done.returncode == 2
    assert "./playcount batch run" in done.stderr


@pytest.mark.parametrize(
    ("which", "told"),
    [
        ({"grain": "month", "window": "2024-01"}, "2024-01: its charts aren't the sums"),
        ({"grain": "all", "window": "all"}, "all: its charts aren't the sums"),
        ({"grain": "day", "window": "2024-03"}, "2024-03: its charts of days aren't those"),
    ],
)
def test_verify_tells_a_chart_that_was_changed(
    pipeline: Pipeline, which: dict[str, str], told: str
) -> None:
    sent(pipeline, JANUARY, MARCH)
    pipeline.batch()
    sent(pipeline, NEXT_YEAR)
    assert pipeline.verify() == []
    ranked = {"view": "artists", "by": "platform", "value": "web", **which}
    doubled = {"$set": {"measures.streams": pack_column(np.array([7]))}}
    assert pipeline.store[collections.BATCH_CHARTS].update_one(ranked, doubled).modified_count == 1

    assert told in "\n".join(pipeline.verify())


def test_verify_is_a_command_that_fails_on_a_difference(pipeline: Pipeline) -> None:
    sent(pipeline, JANUARY)
    assert "every chart equals" in pipeline.command("batch", "verify").stdout
    pipeline.store[collections.SPEED_SEGMENTS].delete_one({"view": "songs", "by": "everyone"})

    done = pipeline.command("batch", "verify", check=False)

    assert done.returncode == 1
    assert "2024-01" in done.stdout
    assert "'view': 'songs', 'by': 'everyone'" in done.stdout


def test_diff_names_the_charts_that_changed(pipeline: Pipeline) -> None:
    sent(pipeline, JANUARY, MARCH)
    first = pipeline.batch()
    sent(pipeline, NEXT_YEAR)
    second = pipeline.batch()

    changes = diff(pipeline.store, first["_id"], second["_id"])

    assert {change.window for change in changes} == {"all", "2025", "2025-02"}
    of_all = {(c.view, c.by, c.value): c for c in changes if c.window == "all"}
    # One for each view and slice that all time is stored of, of which the listens have a value.
    assert len(of_all) == 32
    change = of_all["songs", "listener", "ann"]
    assert (change.keys, change.sums["plays"]) == ((1, 1), (2, 3))
    shown = pipeline.command("batch", "diff", str(first["_id"]), str(second["_id"])).stdout
    assert "96 charts differ" in shown


def test_a_diff_with_a_version_that_is_gone_says_which_are_kept(pipeline: Pipeline) -> None:
    sent(pipeline, JANUARY)
    only = pipeline.batch()

    with pytest.raises(UserMistakeError, match=f"those of {only['_id']} are"):
        diff(pipeline.store, only["_id"], only["_id"] + 7)
