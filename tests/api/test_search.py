"""Search by name, and the works of an artist: both layers together, ordered by plays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from api.analyses import search
from api.shapes.page_answers import Work
from listens.identity import artist_id, song_id
from listens.store import Store
from tests.api.documents import Heard, write_commit, write_names, write_version
from tests.api.test_top import ask

MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 3, 15, tzinfo=UTC)
SAKAMOTO = "坂本龍一"


@pytest.fixture
def told(store):
    """Half in a version, half after it."""
    old = [
        *[Heard(MONDAY, "Jóga", album="Homogenic", genre="Electrónica")] * 2,
        Heard(MONDAY, "Hunter", album="Homogenic", listener="Zoë"),
        Heard(MONDAY, "戦場のメリークリスマス", SAKAMOTO, genre="Pop"),
        Heard(MONDAY, "Joga Bonito", "Bjorn"),
    ]
    new = [
        *[Heard(FEBRUARY, "Hunter", album="Homogenic")] * 3,
        Heard(FEBRUARY, "Army of Me", album="Post"),
        Heard(FEBRUARY, "Human Behaviour"),
        Heard(FEBRUARY, "Jóga talk", kind="podcast"),
    ]
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    write_commit(store, 2, new)


def found(answer: dict[str, Any], entity: str, name: str) -> list[tuple[str, int]]:
    return [(item[name], item["plays"]) for item in answer[entity]["items"]]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("most", [10_000, 6])
def test_a_name_is_found_without_accents_by_plays_and_then_by_name(client, monkeypatch, most):
    monkeypatch.setattr(search, "MOST", most)  # of 6, the other way is taken: nine names fit

    answer = ask(client, "/api/search", q="BJORK")

    assert found(answer, "songs", "title") == [
        ("Hunter", 4), ("Jóga", 2), ("Army of Me", 1), ("Human Behaviour", 1),
    ]  # fmt: skip
    assert found(answer, "artists", "artist") == [("Björk", 8)]
    assert found(answer, "albums", "album") == [("Homogenic", 6), ("Post", 1)]
    assert answer["artists"]["items"][0]["artist_id"] == artist_id("Björk").hex()
    assert [answer[each]["total"] for each in ("songs", "artists", "albums")] == [4, 1, 2]
    assert all(answer[each]["is_complete"] for each in answer if each != "as_of")


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("q", "titles"),
    [
        ("joga bjork", ["Jóga"]),
        ("bjor jog", ["Jóga", "Joga Bonito"]),
        ("joga", ["Jóga", "Joga Bonito"]),
        ("戦場", ["戦場のメリークリスマス"]),
        ("クリスマス 龍一", ["戦場のメリークリスマス"]),
        ("oga", []),
        ("talk", []),  # a podcast
        ("^.*", []),
        (".", []),
    ],
)
def test_every_word_begins_one_of_title_or_artist(client, q, titles):
    answer = ask(client, "/api/search", q=q, entity="songs")

    assert [item["title"] for item in answer["songs"]["items"]] == titles
    assert answer["songs"]["total"] == len(titles)
    assert answer.keys() == {"songs", "as_of"}


@pytest.mark.usefixtures("told")
def test_genres_and_listeners_are_found_too(client):
    genre = ask(client, "/api/search", q="electronica", entity="genres")
    listener = ask(client, "/api/search", q="zoe", entity="listeners")

    assert found(genre, "genres", "genre") == [("Electrónica", 2)]
    assert found(listener, "listeners", "listener") == [("Zoë", 1)]


@pytest.mark.usefixtures("told")
def test_of_more_names_than_are_looked_at_only_the_first_ranks_are(client, monkeypatch):
    monkeypatch.setattr(search, "MOST", 2)

    answer = ask(client, "/api/search", q="h")
    song = ask(client, "/api/search", q="bonito")

    assert found(answer, "songs", "title") == [("Hunter", 4)]
    assert (answer["songs"]["total"], answer["songs"]["is_complete"]) == (1, False)
    assert (answer["albums"]["total"], answer["albums"]["is_complete"]) == (1, True)
    assert (song["songs"]["total"], song["songs"]["is_complete"]) == (1, True)


@pytest.mark.usefixtures("told")
def test_the_limit_is_of_items_and_not_of_what_is_counted(client):
    answer = ask(client, "/api/search", q="bjork", limit=1)

    assert found(answer, "songs", "title") == [("Hunter", 4)]
    assert answer["songs"]["total"] == 4


def test_what_only_an_erased_listener_has_heard_is_not_found(client, store):
    write_commit(store, 1, [Heard(MONDAY, "Jóga")])
    write_version(store, 1, 1, [Heard(MONDAY, "Jóga")])
    write_commit(store, 2, [Heard(FEBRUARY, "Hunter", listener="ben", album="Homogenic")])
    before = ask(client, "/api/search", q="bjork")
    bens = ask(client, "/api/search", q="ben")

    take_back(store, 2)

    after = ask(client, "/api/search", q="bjork")
    assert found(before, "songs", "title") == [("Hunter", 1), ("Jóga", 1)]
    assert found(bens, "listeners", "listener") == [("ben", 1)]
    assert found(after, "songs", "title") == [("Jóga", 1)]
    assert (after["songs"]["total"], after["albums"]["total"]) == (1, 0)
    assert ask(client, "/api/search", q="ben")["listeners"]["items"] == []


def take_back(store: Store, seq: int) -> None:
    """A commit of cells below zero, as an erasure makes it."""
    for segment in store.speed_segments.find({"seq": seq}, {"_id": 0}):
        less = {"seq": seq + 1, "measures": {}, "minus": segment["measures"]}
        store.speed_segments.insert_one(segment | less)
    write_commit(store, seq + 1, [])


def test_a_name_that_no_listen_of_the_snapshot_has_is_not_found(client, store):
    write_commit(store, 1, [Heard(MONDAY, "Jóga")])
    loaded = [Heard(MONDAY, "Hunter", album="Homogenic")]
    write_names(store, loaded)  # of a bulk load that no version counts yet

    answer = ask(client, "/api/search", q="bjork")
    page = ask(client, f"/api/artists/{artist_id('Björk').hex()}")

    assert found(answer, "songs", "title") == [("Jóga", 1)]
    assert (page["songs"]["total"], page["albums"]["total"]) == (1, 0)


@pytest.mark.parametrize(
    ("query", "parameter", "detail"),
    [
        ({}, "q", "q is needed"),
        ({"q": " "}, "q", "q=' ': has no word to search for"),
        ({"q": "\x00"}, "q", "has no word to search for"),
        ({"q": "a" * 101}, "q", "at most 100 characters"),
        ({"q": " ".join(map(str, range(33)))}, "q", "has 33 words; 32 may be searched for"),
        ({"q": "a", "entity": "moods"}, "entity", "'songs', 'artists', 'albums'"),
        ({"q": "a", "limit": 101}, "limit", "less than or equal to 100"),
    ],
)
def test_what_cannot_be_searched_for_is_named(unconnected_client, query, parameter, detail):
    response = unconnected_client.get("/api/search", query_string=query)

    assert (response.status_code, response.json["parameter"]) == (422, parameter)
    assert detail in response.json["detail"]


@pytest.mark.usefixtures("told")
def test_an_artist_has_songs_and_albums_in_the_window_of_the_page(client):
    path = f"/api/artists/{artist_id('Björk').hex()}"
    page, january = ask(client, path), ask(client, path, window="2026-01")

    assert found(page, "songs", "title") == [
        ("Hunter", 4), ("Jóga", 2), *sorted([("Army of Me", 1), ("Human Behaviour", 1)], key=by_id),
    ]  # fmt: skip
    assert found(page, "albums", "album") == [("Homogenic", 6), ("Post", 1)]
    assert (page["songs"]["total"], page["albums"]["total"]) == (4, 2)
    assert found(january, "songs", "title") == [("Jóga", 2), ("Hunter", 1)]
    assert found(january, "albums", "album") == [("Homogenic", 3)]
    assert sum(item["plays"] for item in page["songs"]["items"]) == page["plays"]
    assert Work.model_validate(page)


def by_id(song: tuple[str, int]) -> bytes:
    return song_id("Björk", song[0])


@pytest.mark.usefixtures("told")
def test_a_song_has_none(client):
    page = ask(client, f"/api/songs/{song_id('Björk', 'Jóga').hex()}")

    assert not {"songs", "albums"} & page.keys()
