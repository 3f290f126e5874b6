"""A commit's listens as the live feed keeps them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from listens import recent

MORNING = datetime(2026, 1, 13, 9, tzinfo=UTC)


def listens(n: int, *, title: str = "Jóga") -> pa.Table:
    """In a commit's order the last ones ended first."""
    rows = [
        {
            "place": place,
            "event_id": os.urandom(16),
            "listener_id": ("anna", "ben")[place % 2],
            "ended_at": MORNING - timedelta(seconds=place),
            "title": title,
            "skipped": None,
        }
        for place in range(n)
    ]
    return pa.Table.from_pylist(rows, schema=recent.SCHEMA)


def test_what_is_kept_is_what_was_counted() -> None:
    counted = listens(5)

    document = recent.recent_document(counted, seq=7)

    assert recent.unpack(document["packed"]).equals(counted)
    assert recent.with_commit(document)["seq"].to_pylist() == [7] * 5
    assert (document["_id"], document["n"], document["left_out"]) == (7, 5, 0)
    assert document["first_ended_at"] == MORNING - timedelta(seconds=4)
    assert document["last_ended_at"] == MORNING


def test_of_a_huge_commit_the_newest_are_kept_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "RECENT_KEPT", 3)

    document = recent.recent_document(listens(10), seq=1)

    assert recent.unpack(document["packed"])["place"].to_pylist() == [0, 1, 2]
    assert (document["n"], document["left_out"]) == (3, 7)


def test_texts_without_measure_make_no_document_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST_BYTES", 20_000)

    document = recent.recent_document(listens(2, title=os.urandom(12_000).hex()), seq=1)
    none = recent.recent_document(listens(1, title=os.urandom(40_000).hex()), seq=1)

    assert (document["n"], document["left_out"]) == (2, 0)  # the same text twice packs well
    assert (none["n"], none["left_out"]) == (0, 1)


def test_a_listener_is_taken_out_and_the_others_keep_their_places() -> None:
    others = recent.without_listener(listens(4), "ben")

    assert others["place"].to_pylist() == [0, 2]
    assert recent.packed_fields(others)["listeners"] == ["anna"]


def test_the_newest_of_several_commits_are_ordered_by_time_and_id() -> None:
    tables = [recent.with_commit(recent.recent_document(listens(4), seq=seq)) for seq in (1, 2)]

    found = recent.newest(tables, most=5)

    ages = [(MORNING - moment) // timedelta(seconds=1) for moment in found["ended_at"].to_pylist()]
    assert ages == [0, 0, 1, 1, 2]
    ids = found["event_id"].to_pylist()
    assert ids[0] > ids[1]
    assert ids[2] > ids[3]
