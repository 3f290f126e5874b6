"""What an answer shows to whom: the same figures, without names that aren't theirs to see."""

from __future__ import annotations

import pytest

from api.access import sessions
from listens.identity import song_id
from tests.api.access.asking import program

SONG = song_id("Björk", "Jóga").hex()


@pytest.fixture
def get(guarded, shown):
    def ask(who, path, **headers):
        return program(guarded).get(path, headers=shown[who] | headers)

    return ask


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("admin", ["ben", "anna"]),
        ("anna", [None, "anna"]),
        ("viewer", [None, None]),
        ("charts token", [None, None]),
    ],
)
def test_charts_of_listeners_have_no_names_but_ones_own(get, who, names) -> None:
    chart = get(who, "/api/top-listeners").json
    page = get(who, f"/api/songs/{SONG}").json["listeners"]
    genre = get(who, "/api/genres/rock").json["listeners"]
    rising = get(who, "/api/trending?window=2026&entity=listeners").json
    tops = get(who, "/api/tops?entity=listeners&per=country&limit=5").json["items"][0]

    for each in (chart, page, genre, rising, tops):
        assert [item["listener"] for item in each["items"]] == names
    assert [item["plays"] for item in chart["items"]] == [3, 1]


@pytest.mark.parametrize(("who", "total"), [("admin", 1), ("anna", None), ("viewer", None)])
def test_listeners_are_searched_by_those_who_see_them_all(get, who, total) -> None:
    found = get(who, "/api/search?q=ben").json

    assert found["songs"]["total"] == 0
    assert found.get("listeners", {}).get("total") == total


@pytest.mark.parametrize(
    ("who", "names"),
    [("admin", ["anna", "ben"]), ("anna", ["anna"]), ("viewer", []), ("anna's link", ["anna"])],
)
def test_slices_list_only_listeners_that_one_may_ask_for(get, who, names) -> None:
    slices = get(who, "/api/slices").json

    assert slices["listener"] == {"items": names, "total": len(names)}
    assert slices["country"] == {"items": ["DE"], "total": 1}


@pytest.mark.parametrize(
    ("who", "listeners", "total"),
    [("admin", {"anna", "ben"}, 4), ("anna", {"anna"}, 1), ("anna's token", {"anna"}, 1)],
)
def test_recent_listens_are_ones_own(get, who, listeners, total) -> None:
    recent = get(who, "/api/recent").json

    assert {item["listener_id"] for item in recent["items"]} == listeners
    assert recent["total"] == total


def test_the_stream_has_ones_own_listens(guarded, shown) -> None:
    def titles(who):
        response = program(guarded).get("/api/stream?last_event_id=0", headers=shown[who])
        pieces = response.iter_encoded()
        text = b"".join(next(pieces) for _ in range(2)).decode()
        response.close()
        return text

    assert '"listener_id":"ben"' in titles("admin")
    assert '"listener_id":"anna"' in titles("anna")
    assert "ben" not in titles("anna")


def test_a_stream_ends_with_the_session_that_opened_it(guarded, shown, filled, monkeypatch) -> None:
    monkeypatch.setattr("api.access.identifying.ASKED_AGAIN_SECONDS", 0)
    monkeypatch.setattr("api.live.streaming.HEARTBEAT_SECONDS", 0.1)
    response = program(guarded).get("/api/stream", headers=shown["anna"])
    pieces = response.iter_encoded()

    assert next(pieces).startswith(b"retry:")
    assert next(pieces).startswith(b": ")
    sessions.end_all(filled, "anna")
    assert sum(1 for _ in pieces) <= 1
    response.close()


def test_a_validator_of_one_is_none_of_another(get) -> None:
    etags = {
        who: get(who, "/api/top-listeners").headers["ETag"] for who in ("admin", "anna", "viewer")
    }

    assert len(set(etags.values())) == 3
    assert (
        get("viewer", "/api/top-listeners", **{"If-None-Match": etags["admin"]}).status_code == 200
    )
    assert (
        get("admin", "/api/top-listeners", **{"If-None-Match": etags["admin"]}).status_code == 304
    )


def test_no_cache_on_the_way_gives_an_answer_to_another(get) -> None:
    response = get("anna", "/api/recent")

    assert response.cache_control.private
    assert {"authorization", "cookie"} <= {each.lower() for each in response.vary}


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("anna", ("user", "anna", "listener", "anna", False)),
        ("admin", ("user", "admin", "admin", None, True)),
        ("viewer", ("user", "viewer", "viewer", None, False)),
        ("listens token", ("token", "listens token", None, None, True)),
        ("anna's link", ("link", "shared link", None, "anna", False)),
    ],
)
def test_me_says_who_one_is(get, who, expected) -> None:
    me = get(who, "/api/me").json

    names = ("kind", "name", "role", "listener", "sees_everyone")
    assert tuple(me[name] for name in names) == expected
