"""The two real formats, counted by nothing but Python's json."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from listens.rows.rejections import Rejection

DATA = Path(
    os.environ.get("PLAYCOUNT_TEST_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
)
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="no real exports; PLAYCOUNT_TEST_DATA may name their folder"
)


def rows_of(folder):
    for path in sorted((DATA / folder).glob("*.json")):
        yield path, json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def listens_of(outcomes_of):
    return lambda path: [row for row in outcomes_of(path) if not isinstance(row, Rejection)]


def test_extended_exports_give_a_listen_a_row_with_the_same_sums(listens_of):
    for path, rows in rows_of("extended-json"):
        listens = listens_of(path)

        assert len(listens) == len(rows)
        assert sum(listen["ms_played"] for listen in listens) == sum(r["ms_played"] for r in rows)
        assert Counter(listen["kind"] == "podcast" for listen in listens) == Counter(
            r["master_metadata_track_name"] is None and r["episode_name"] is not None for r in rows
        )
        assert Counter(listen["uri"] for listen in listens) == Counter(
            r["spotify_track_uri"] or r["spotify_episode_uri"] for r in rows
        )
        assert len({listen["event_id"] for listen in listens}) == len(rows)


def test_account_exports_give_a_listen_a_row_with_the_same_sums(listens_of):
    for path, rows in rows_of("account-json"):
        listens = listens_of(path)

        assert len(listens) == len(rows)
        assert sum(listen["ms_played"] for listen in listens) == sum(r["msPlayed"] for r in rows)
        assert Counter((x["artist"], x["title"]) for x in listens) == Counter(
            (r["artistName"].strip(), r["trackName"].strip()) for r in rows
        )
        assert sum(listen["kind"] == "unknown" for listen in listens) == sum(
            r["trackName"] == "Unknown Track" for r in rows
        )
        assert len({listen["event_id"] for listen in listens}) == len(rows)


def test_an_export_has_the_same_events_every_time(listens_of):
    path, _ = next(rows_of("extended-json"))

    assert [x["event_id"] for x in listens_of(path)] == [x["event_id"] for x in listens_of(path)]
