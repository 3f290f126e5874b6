"""The newest listens: filters in any combination, and pages that stay while listens come in."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from batch import garbage
from listens.erasures import BEGUN, digest_of
from tests.api.documents import START, Heard, write_commit

DETAILS = [
    {"genre": "Trip Hop", "mood": "calm", "rating": 5, "personality": "ENVU"},
    {"genre": "trip  hop", "mood": "sad", "rating": 4, "interaction": "like"},
    {"genre": "Pop", "city": "Berlin", "duration_ms": 400_000},
    {"personality": "FTLC", "interaction": "skip", "rating": 1},
]


def some_listens() -> list[Heard]:
    """48 listens, a minute apart, of every combination."""
    artists, places, ends = ("Björk", "BJÖRK ", "Air"), ("DE", "FR"), (True, False)
    combined = itertools.product(artists, places, ends, DETAILS)
    return [
        Heard(
            START + timedelta(minutes=n), f"song {n}", artist, country=country, skipped=skipped,
            completed=not skipped, listener=("anna", "ben")[n % 2],
            kind=("music", "podcast")[n % 5 == 0], platform=("android", "ios", "web")[n % 3],
            **more,
        )
        for n, (artist, country, skipped, more) in enumerate(combined)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("artist=bj%C3%B6rk", lambda one: one.artist != "Air"),
        ("artist=air&artist=Bj%C3%B6rk", bool),
        ("genre=TRIP+HOP", lambda one: (one.genre or "").lower().startswith("trip")),
        ("country=DE", lambda one: one.country == "DE"),
        ("country=de", lambda one: one.country == "de"),
        ("platform=ios&platform=web", lambda one: one.platform in {"ios", "web"}),
        ("mood=calm&mood=sad", lambda one: one.mood is not None),
        ("rating=5&rating=1", lambda one: one.rating in {1, 5}),
        ("min_rating=4", lambda one: one.rating in {4, 5}),
        ("max_rating=4", lambda one: one.rating in {1, 4}),
        ("min_rating=2&max_rating=4", lambda one: one.rating == 4),
        ("rating=1&rating=5&min_rating=4", lambda one: one.rating == 5),
        ("rating=1&min_rating=4", lambda one: one is None),
        ("min_rating=1&country=DE", lambda one: one.rating is not None and one.country == "DE"),
        ("skipped=true", lambda one: one.skipped),
        ("skipped=false&country=FR", lambda one: not one.skipped and one.country == "FR"),
        ("completed=true", lambda one: one.completed),
        ("listener=ben", lambda one: one.listener == "ben"),
        ("kind=podcast", lambda one: one.kind == "podcast"),
        ("interaction=like", lambda one: one.interaction == "like"),
        ("personality=ENVU&personality=FTLC", lambda one: one.personality is not None),
        (
            "artist=Air&country=DE&listener=anna&rating=5&completed=false",
            lambda one: one.artist == "Air" and one.country == "DE" and one.listener == "anna"
            and one.rating == 5 and not one.completed,
        ),
    ],
)  # fmt: skip
def test_a_filter_finds_the_listens_that_fit_all_of_it(client, store, query, fits):
    listens = some_listens()
    write_commit(store, 1, listens[:20])
    write_commit(store, 2, listens[20:])

    answer = client.get(f"/api/recent?limit=1000&{query}").json

    expected = [one.title for one in reversed(listens) if fits(one)]
    assert [item["title"] for item in answer["items"]] == expected
    assert (answer["total"], answer["kept"], answer["next"]) == (len(expected), 48, None)


def test_an_item_tells_what_was_heard_of_the_track(client, store):
    more = {"duration_ms": 300_000, "city": "Reykjavík", "rating": 4}
    write_commit(store, 1, [Heard(START, "Jóga", ms_played=100_500, **more), Heard(START, "?")])

    items = client.get("/api/recent").json["items"]

    whole = next(item for item in items if item["title"] == "Jóga")
    assert (whole["seconds_played"], whole["percent_played"]) == (100.5, 33.5)
    assert (whole["city"], whole["rating"], whole["mood"]) == ("Reykjavík", 4, None)
    assert next(item for item in items if item["title"] == "?")["percent_played"] is None


def test_pages_have_each_listen_once_while_more_come_in(client, store):
    listens = some_listens()
    write_commit(store, 1, listens)
    first = client.get("/api/recent?limit=10&country=DE").json
    titles = [item["title"] for item in first["items"]]
    cursor, seq = first["next"], 1

    while cursor:
        seq += 1
        newer = START + timedelta(days=seq)
        write_commit(store, seq, [Heard(newer, "newer"), Heard(START, "as old", country="FR")])
        page = client.get("/api/recent", query_string={"limit": 5, "country": "DE", "next": cursor})
        titles += [item["title"] for item in page.json["items"]]
        cursor = page.json["next"]

    assert titles == [one.title for one in reversed(listens) if one.country == "DE"]


def test_the_newest_listens_of_an_earlier_moment_have_nothing_that_came_later(client, store):
    listens = some_listens()
    write_commit(store, 1, listens[:20])
    write_commit(store, 2, listens[20:40])
    moment = client.get("/api/recent?country=DE&limit=1000").json
    client.get("/api/recent")  # of which the API keeps what it has read
    write_commit(store, 3, [*listens[40:], Heard(START - timedelta(days=1), "late")])

    now = client.get("/api/recent?limit=1000").json
    then = client.get("/api/recent?country=DE&limit=1000&head_seq=2").json
    earlier = client.get("/api/recent?limit=1000&head_seq=1").json

    assert then == moment
    assert [item["title"] for item in earlier["items"]] == [
        one.title for one in reversed(listens[:20])
    ]
    assert (earlier["total"], earlier["kept"], earlier["as_of"]["head_seq"]) == (20, 20, 1)
    assert (now["total"], now["items"][-1]["title"]) == (49, "late")
    assert client.get("/api/recent?limit=1000").json == now


def test_pages_of_a_moment_stay_its_own_while_late_listens_come_in(client, store):
    listens = some_listens()
    write_commit(store, 1, listens)
    titles, seq = [], 1
    query = {"limit": 7, "head_seq": 1}

    while query:
        page = client.get("/api/recent", query_string=query)
        titles += [item["title"] for item in page.json["items"]]
        assert page.json["total"] == 48
        seq += 1
        write_commit(store, seq, [Heard(START + timedelta(minutes=1), "late")])
        query = page.json["next"] and query | {"next": page.json["next"]}

    assert seq == 8
    assert titles == [one.title for one in reversed(listens)]


def test_the_link_to_the_next_part_is_of_the_same_moment(client, store):
    write_commit(store, 1, some_listens())

    link = client.get("/api/recent?limit=2&head_seq=1&format=csv").headers["Link"]

    assert link.startswith("</api/recent?limit=2&head_seq=1&format=csv&next=")


def test_a_moment_whose_newest_listens_were_collected_is_gone(client, store, monkeypatch):
    monkeypatch.setattr(garbage, "RECENT_KEPT", 4)
    for seq in range(1, 7):
        write_commit(store, seq, [Heard(START + timedelta(minutes=seq), n) for n in "ab"])
    before = client.get("/api/recent?head_seq=6").json
    assert client.get("/api/recent?head_seq=5").status_code == 200

    assert garbage._recent(store) == 4
    write_commit(store, 7, [Heard(START + timedelta(minutes=7), "a")])
    gone = [client.get(f"/api/recent?head_seq={seq}").status_code for seq in (3, 5)]
    of_then = client.get("/api/recent?head_seq=6").json

    assert gone == [410, 410]
    # Here four are kept; the API looks for ten thousand.
    assert [each["event_id"] for each in of_then["items"]] == [
        each["event_id"] for each in before["items"][:4]
    ]
    assert garbage._recent(store) == 0  # and marks nothing
    assert client.get("/api/recent?head_seq=6").status_code == 200


def test_listens_of_one_moment_are_paged_by_event_id(client, store):
    for seq in (1, 2, 3):
        write_commit(store, seq, [Heard(START, f"{seq} {n}") for n in range(5)])
    whole = [item["event_id"] for item in client.get("/api/recent").json["items"]]

    paged, cursor = [], None
    for _ in range(15):
        page = client.get(
            "/api/recent", query_string={"limit": 1} | ({"next": cursor} if cursor else {})
        )
        paged += [item["event_id"] for item in page.json["items"]]
        cursor = page.json["next"]

    assert paged == whole == sorted(whole, reverse=True)
    assert cursor is None


@pytest.mark.parametrize("cursor", ["x", "AAAA", "-" * 33, "ééé", "_" * 32])
def test_a_cursor_that_nobody_was_given_is_named(unconnected_client, cursor):
    response = unconnected_client.get("/api/recent", query_string={"next": cursor})

    assert (response.status_code, response.json["parameter"]) == (422, "next")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rating", "6"),
        ("min_rating", "0"),
        ("max_rating", "many"),
        ("kind", "film"),
        ("skipped", "maybe"),
        ("artist", ""),
    ],
)
def test_a_value_that_cannot_be_is_named(unconnected_client, name, value):
    response = unconnected_client.get("/api/recent", query_string={name: value})

    assert (response.status_code, response.json["parameter"]) == (422, name)


def test_a_range_of_ratings_has_its_ends_in_order(unconnected_client):
    response = unconnected_client.get("/api/recent?min_rating=4&max_rating=2")

    assert (response.status_code, response.json["parameter"]) == (422, "max_rating")
    assert response.json["detail"] == "max_rating must not be less than min_rating"


def test_a_moment_after_an_erasure_began_is_gone_for_single_listens_too(client, store):
    write_commit(store, 1, [Heard(START, "before", listener="ben"), Heard(START, "hers")])
    store.erasures.insert_one({"_id": 2, "digest": digest_of("ben"), "state": BEGUN})
    write_commit(store, 2, [])

    assert client.get("/api/recent?head_seq=1").status_code == 410
    assert client.get("/api/recent?head_seq=2").json["total"] == 1
    unknown = client.get("/api/recent?head_seq=3")
    assert (unknown.status_code, unknown.json["parameter"]) == (422, "head_seq")


def test_ten_thousand_are_kept_and_no_more_are_answered(client, store):
    for seq in range(1, 12):
        minutes = range(1000 * seq, 1000 * seq + 1000)
        write_commit(store, seq, [Heard(START + timedelta(minutes=n), "Jóga") for n in minutes])

    answer = client.get("/api/recent?limit=1&artist=bj%C3%B6rk").json

    assert (answer["total"], answer["kept"]) == (10_000, 10_000)


def test_garbage_collection_keeps_the_newest_by_time_and_by_commit(store, monkeypatch):
    monkeypatch.setattr(garbage, "RECENT_KEPT", 4)
    for seq in range(1, 7):
        write_commit(
            store, seq, [Heard(START + timedelta(minutes=seq), f"{seq} {n}") for n in "ab"]
        )
    for seq in (7, 8, 9):
        write_commit(store, seq, [Heard(START - timedelta(days=seq), n) for n in "ab"])

    removed = garbage._recent(store)

    kept = [commit["_id"] for commit in store.recent_listens.find().sort("_id", 1)]
    assert (removed, kept) == (5, [5, 6, 8, 9])


def test_an_erased_listener_is_in_no_answer_but_what_came_later_is(client, store):
    write_commit(store, 1, [Heard(START, "before", listener="ben"), Heard(START, "hers")])
    client.get("/api/recent")  # which the API keeps in memory
    store.erasures.insert_one({"_id": 2, "digest": digest_of("ben"), "state": BEGUN})
    write_commit(store, 2, [])
    write_commit(store, 3, [Heard(START, "after", listener="ben")])

    answer = client.get("/api/recent").json

    assert {item["title"] for item in answer["items"]} == {"hers", "after"}
    assert (answer["total"], answer["kept"]) == (2, 2)
