"""The ListenBrainz protocol, spoken by a client that was written for ListenBrainz."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import liblistenbrainz
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from liblistenbrainz.errors import InvalidAuthTokenException, ListenBrainzAPIException
from werkzeug.test import TestResponse

from api.answering import EXTENSION
from api.submitting.allowance import MOST_REQUESTS, Allowance
from listens.codec import decode
from listens.identity import event_id, song_id
from listens.rows.listenbrainz import row
from tests.api.documents import Heard, write_commit
from tests.api.serving import served
from tests.ingestion.topic import messages_of

START = 1_768_294_800  # 2026-01-13T09:00:00Z
TRACK = {"track_name": "Jóga", "artist_name": "Björk"}
NAME = "Ann Smith"


@pytest.fixture
def address(fresh_topic, store):
    """The API in a process, on a topic and a database of its own."""
    with served(fresh_topic) as where:
        yield where


@pytest.fixture
def client(address):
    """A client that takes the API for ListenBrainz."""
    made = liblistenbrainz.ListenBrainz(address)
    made.set_auth_token(NAME)
    return made


def listen(title: str, started: int | None, **more) -> liblistenbrainz.Listen:
    return liblistenbrainz.Listen(title, "Björk", listened_at=started, **more)


def submit(address: str, document: object, token: str | None = NAME) -> requests.Response:
    headers = {} if token is None else {"Authorization": f"Token {token}"}
    return requests.post(f"{address}/1/submit-listens", json=document, headers=headers, timeout=60)


def single(**track) -> dict:
    return {
        "listen_type": "single",
        "payload": [{"listened_at": START, "track_metadata": TRACK | track}],
    }


def test_a_clients_listens_are_on_kafka_as_its_export_would_be_imported(client, fresh_topic):
    info = {"duration_ms": 305_000, "media_player": "mpv", "origin_url": "https://example.org/"}
    client.submit_single_listen(listen("Jóga", START, release_name="Homogenic", tags=["trip hop"]))
    client.submit_multiple_listens(
        [
            listen(
                "Hunter", START + 400, additional_info=info, spotify_id="4kkX5v3EHmTlTlTvEvsG0M"
            ),
            listen("Bachelorette", START + 800, additional_info={"duration": 316}),
        ]
    )

    found = {each["title"]: each for each in (decode(m.value) for m in messages_of(fresh_topic))}
    # The importer's rule: as long as the track, else the 30 s that any scrobble stands for.
    expected = {"Jóga": 30_000, "Hunter": 305_000, "Bachelorette": 316_000}
    assert {title: each["ms_played"] for title, each in found.items()} == expected
    starts = {"Jóga": START, "Hunter": START + 400, "Bachelorette": START + 800}
    for title, each in found.items():
        ended_ms = starts[title] * 1000 + expected[title]
        assert each["ended_at"] == datetime.fromtimestamp(ended_ms / 1000, UTC)
        song = song_id("Björk", title)
        assert each["event_id"] == event_id(NAME, ended_ms, song, expected[title], 0)
        assert (each["listener_id"], each["source"]) == (NAME, "listenbrainz")
    assert found["Jóga"]["album"] == "Homogenic"
    assert found["Hunter"]["uri"] == "spotify:track:4kkX5v3EHmTlTlTvEvsG0M"
    assert b"example.org" not in b"".join(m.value for m in messages_of(fresh_topic))


def test_what_plays_right_now_is_told_and_not_counted(client, fresh_topic):
    client.submit_playing_now(listen("Jóga", None, release_name="Homogenic"))

    playing = client.get_playing_now(NAME)
    assert (playing.track_name, playing.release_name) == ("Jóga", "Homogenic")
    assert client.get_playing_now("somebody else") is None
    assert messages_of(fresh_topic) == []


def test_what_plays_is_over_after_the_tracks_length(client):
    client.submit_playing_now(listen("Jóga", None, additional_info={"duration_ms": 1}))
    time.sleep(0.01)

    assert client.get_playing_now(NAME) is None


def test_a_token_is_the_listeners_name(address):
    def validity(**request) -> dict:
        return requests.get(f"{address}/1/validate-token", timeout=60, **request).json()

    valid = {"code": 200, "message": "Token valid.", "valid": True, "user_name": "Zoë"}
    invalid = {"code": 200, "message": "Token invalid.", "valid": False}
    assert validity(params={"token": "Zoë"}) == valid
    assert validity(headers={"Authorization": "Token Zoë".encode()}) == valid
    assert validity(headers={"Authorization": "Token Zoë".encode("latin-1")}) == valid
    assert validity(params={"token": "x" * 129}) == invalid
    assert validity()["code"] == 400


def test_a_client_hears_that_its_token_is_nobodys(address):
    with pytest.raises(InvalidAuthTokenException):
        liblistenbrainz.ListenBrainz(address).set_auth_token("x" * 129)


def test_a_clients_listens_come_back(client, store):
    heard = [
        Heard(datetime.fromtimestamp(START + 200 * number, UTC), f"Song {number}", listener=NAME)
        for number in range(1, 31)
    ]
    write_commit(store, 1, [*heard, Heard(heard[0].ended_at, "Not mine", listener="ben")])

    newest = client.get_listens(NAME)
    below = client.get_listens(NAME, max_ts=START + 400, count=1_000)
    above = client.get_listens(NAME, min_ts=START + 400, count=2)

    assert [each.track_name for each in newest] == [f"Song {n}" for n in range(30, 5, -1)]
    # Each began 200 s before it ended, where the one before it had ended.
    assert [each.listened_at for each in newest[:2]] == [START + 5_800, START + 5_600]
    assert [each.track_name for each in below] == ["Song 2", "Song 1"]
    assert [each.track_name for each in above] == ["Song 5", "Song 4"]
    assert client._get(f"/1/user/{NAME}/listen-count")["payload"]["count"] == 30


def test_what_is_read_can_be_sent_to_another_server_as_the_same_listen(client, store):
    ended = datetime(2026, 1, 13, 9, 5, 0, tzinfo=UTC)
    write_commit(store, 1, [Heard(ended, "Jóga", ms_played=123_000, listener=NAME)])

    payload = client._get(f"/1/user/{NAME}/listens")["payload"]

    [shown] = payload["listens"]
    again = row(shown)
    assert (again["ts"], again["ms_played"]) == ("2026-01-13T09:05:00+00:00", 123_000)
    began = int(ended.timestamp()) - 123
    assert (payload["latest_listen_ts"], payload["oldest_listen_ts"]) == (began, began)


@pytest.mark.parametrize(
    ("document", "about"),
    [
        ([], "no object"),
        ({"payload": [{"listened_at": START, "track_metadata": TRACK}]}, "listen_type"),
        (single() | {"listen_type": "heard"}, "listen_type"),
        (single() | {"payload": []}, "any listens"),
        (single() | {"payload": {}}, "any listens"),
        (single() | {"payload": single()["payload"] * 2}, "more than one"),
        (single() | {"listen_type": "playing_now"}, "listened_at"),
        (single(track_name=""), "track_name"),
        (single(artist_name=["Björk"]), "artist_name"),
        (single(additional_info={"comment": "x" * 10_240}), "too large"),
        (single(track_name="x" * 5_000), "too_long"),
        (single() | {"payload": [None]}, "track_metadata"),
        (single() | {"payload": [{"track_metadata": TRACK}]}, "listened_at"),
        (single() | {"payload": [{"listened_at": "noon", "track_metadata": TRACK}]}, "listened_at"),
        (single() | {"payload": [{"listened_at": 1_033_430_399, "track_metadata": TRACK}]}, "low"),
        (single() | {"payload": [{"listened_at": 2**40, "track_metadata": TRACK}]}, "high"),
        ({"listen_type": "import", "payload": single()["payload"] * 1_001}, "1000"),
    ],
)
def test_what_the_protocol_forbids_is_refused_as_a_whole(unconnected_client, document, about):
    response = unconnected_client.post(
        "/1/submit-listens", json=document, headers={"Authorization": "Token anna"}
    )

    assert (response.status_code, response.content_type) == (400, "application/json")
    assert response.json["code"] == 400
    assert about in response.json["error"]


def test_one_bad_listen_keeps_all_of_an_import_out(address, fresh_topic):
    good = single()["payload"][0]
    bad = {"listened_at": START, "track_metadata": TRACK | {"track_name": ""}}

    response = submit(address, {"listen_type": "import", "payload": [good, bad]})

    assert "payload[1]" in response.json()["error"]
    assert messages_of(fresh_topic) == []


@pytest.mark.parametrize(
    "header", [None, "", "Token", "Token ", "Basic YTpi", "Token " + "x" * 129]
)
def test_without_a_token_nothing_is_taken(unconnected_client, header):
    headers = {} if header is None else {"Authorization": header}

    response = unconnected_client.post("/1/submit-listens", json=single(), headers=headers)

    assert (response.status_code, response.json["code"]) == (401, 401)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/1/nothing", 404),
        ("post", "/1/delete-listen", 404),
        ("get", "/1/submit-listens", 405),
        ("get", "/1/user/anna/listens?count=-1", 400),
        ("get", "/1/user/anna/listens?count=many", 400),
        ("get", "/1/user/anna/listens?min_ts=5&max_ts=5", 400),
        ("get", "/1/user/anna/listens?max_ts=99999999999999999999", 400),
        ("get", "/1/user/anna/listens", 503),
    ],
)
def test_errors_have_the_protocols_shape(unconnected_client, method, path, status):
    response = getattr(unconnected_client, method)(path)

    assert (response.status_code, response.content_type) == (status, "application/json")
    assert response.json.keys() == {"code", "error"}
    assert response.json["code"] == status


def test_a_client_learns_how_many_requests_are_left(app):
    now = [1_003.0]
    limited = replace(app.extensions[EXTENSION], allowance=Allowance(lambda: now[0]))
    app.extensions[EXTENSION] = limited

    def ask(token: str = "a") -> TestResponse:
        headers = {"Authorization": f"Token {token}"}
        return app.test_client().get("/1/validate-token", headers=headers)

    first, *_, last, refused = [ask() for _ in range(MOST_REQUESTS + 1)]
    other = ask("b")
    now[0] = 1_010.0
    later = ask()

    assert [each.status_code for each in (last, refused, other, later)] == [200, 429, 200, 200]
    names = ("Limit", "Remaining", "Reset-In", "Reset")
    told = [[each.headers[f"X-RateLimit-{name}"] for name in names] for each in (first, refused)]
    assert told == [["50", "49", "7", "1010"], ["50", "0", "7", "1010"]]
    assert (refused.json["code"], refused.headers["Retry-After"]) == (429, "7")


def test_the_client_raises_what_the_api_says(client):
    with pytest.raises(ListenBrainzAPIException) as caught:
        client.get_listens(NAME, min_ts=5, max_ts=4)

    assert caught.value.status_code == 400
    assert "min_ts must be less than max_ts" in caught.value.message


TOO_EARLY = st.integers(max_value=1_033_430_399)
ODD = st.none() | TOO_EARLY | st.text(max_size=20) | st.lists(st.text(max_size=3), max_size=2)
TRACKS = st.dictionaries(
    st.sampled_from(["track_name", "artist_name", "release_name", "additional_info"]),
    ODD | st.dictionaries(st.sampled_from(["duration_ms", "duration_played", "spotify_id"]), ODD),
)
LISTENS = st.fixed_dictionaries({}, optional={"listened_at": ODD, "track_metadata": ODD | TRACKS})


@settings(max_examples=200, deadline=None, suppress_health_check=[*HealthCheck])
@given(
    kind=st.sampled_from(["single", "import"]) | ODD,
    payload=st.lists(LISTENS | ODD, max_size=3) | ODD,
)
def test_whatever_isnt_a_listen_of_these_days_is_refused(unconnected_client, kind, payload):
    response = unconnected_client.post(
        "/1/submit-listens",
        json={"listen_type": kind, "payload": payload},
        headers={"Authorization": f"Token {time.monotonic_ns()}"},
    )

    assert (response.status_code, response.json["code"]) == (400, 400)
