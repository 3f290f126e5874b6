"""Where tracks are left, counted by hand; and never where a part of it wasn't counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from listens.identity import album_id, artist_id, song_id
from tests.api.documents import Heard, write_commit, write_version
from tests.api.test_top import ask

MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)
JOGA = song_id("Björk", "Jóga").hex()

OLD = [
    Heard(MONDAY, "Jóga", ms_played=0, skipped=True, duration_ms=300_000),
    Heard(MONDAY, "Jóga", ms_played=1, duration_ms=300_000),
    Heard(MONDAY, "Jóga", ms_played=29_999, duration_ms=300_000),
    Heard(MONDAY, "Jóga", ms_played=30_000, duration_ms=300_000),
    Heard(MONDAY, "Jóga", ms_played=30_000),
    Heard(MONDAY, "Army of Me", ms_played=150_000, duration_ms=300_000, album="Post"),
]
NEW = [
    Heard(MONDAY + timedelta(days=40), "Jóga", ms_played=300_000, duration_ms=300_000),
    Heard(MONDAY + timedelta(days=40), "Jóga", ms_played=900_000, duration_ms=300_000),
    Heard(MONDAY + timedelta(days=40), "News", ms_played=9, duration_ms=10, kind="podcast"),
]
OF_JOGA = [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
"""Just under a tenth is in the first one, a whole track and more in the last."""

FEW = ("tenths",)


def test_the_histogram_is_of_both_layers(client, store):
    write_commit(store, 1, OLD)
    write_version(store, 1, 1, OLD)
    write_commit(store, 2, NEW)

    page = ask(client, f"/api/songs/{JOGA}")
    everyone = ask(client, "/api/drop-off")
    january = ask(client, "/api/drop-off", song=JOGA, window="2026-01")
    artist = ask(client, "/api/drop-off", artist=artist_id("Björk").hex())
    album = ask(client, f"/api/albums/{album_id('Björk', 'Post').hex()}")

    assert page["drop_off"] == OF_JOGA
    assert everyone["drop_off"] == artist["drop_off"] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]
    assert (everyone["streams"], everyone["average_heard"]) == (6, 0.4498)
    assert january["drop_off"] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert album["drop_off"] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("first", "version", "later"),
    [
        pytest.param((), (), FEW, id="streaming counts it, the batch didn't yet"),
        pytest.param(FEW, FEW, (), id="streaming doesn't count it any more"),
        pytest.param((), FEW, (), id="only the batch counts it"),
        pytest.param(FEW, (), FEW, id="a batch of another deployment left it out"),
    ],
)
def test_nothing_is_answered_from_a_part(client, store, first, version, later):
    write_commit(store, 1, OLD, views=first)
    write_version(store, 1, 1, OLD, views=version)
    write_commit(store, 2, NEW, views=later)

    refused = client.get(f"/api/drop-off?song={JOGA}")

    assert ask(client, f"/api/songs/{JOGA}")["drop_off"] is None
    assert refused.status_code == 422
    assert "PLAYCOUNT_OPTIONAL_VIEWS" in refused.json["detail"]
    assert refused.json["parameter"] == "song"


def test_it_is_answered_as_soon_as_both_layers_count_it(client, store):
    write_commit(store, 1, OLD[:3], views=())
    write_commit(store, 2, OLD[3:], views=FEW)
    assert client.get("/api/drop-off").status_code == 422

    write_version(store, 1, 1, OLD[:3], views=FEW)

    assert ask(client, f"/api/songs/{JOGA}")["drop_off"] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert client.get(f"/api/drop-off?artist={JOGA}").json["known"] == ["song"]


def test_without_a_batch_the_commits_tell(client, store):
    assert ask(client, "/api/drop-off")["streams"] == 0
    write_commit(store, 1, OLD, views=FEW)
    assert ask(client, "/api/drop-off")["streams"] == 4
    write_commit(store, 2, NEW, views=())
    assert client.get("/api/drop-off").status_code == 422


def test_one_thing_at_a_time(client):
    refused = client.get(f"/api/drop-off?song={JOGA}&album={JOGA}")

    assert refused.status_code == 422
    assert refused.json["parameter"] == "album"
