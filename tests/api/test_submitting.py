"""`POST /api/listens`: what is taken, what is refused, and what then is on Kafka."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.answering import EXTENSION
from api.application import create_app
from api.submitting.documents import Accepted
from ingestion.kafka_sink import open_sink
from listens.codec import decode
from listens.identity import event_id, song_id
from listens.rows.rejections import REASONS
from tests.api.test_metrics import samples
from tests.ingestion.topic import messages_of

JOGA = {
    "ts": "2026-01-13T09:00:00Z",
    "ms_played": 200_000,
    "track_name": "Jóga",
    "artist_name": "Björk",
    "album_name": "Homogenic",
    "listener": "anna",
    "platform": "Android OS 14",
    "country": "Germany",
    "genre": "Art Pop",
    "rating": 5,
}
HUNTER = JOGA | {"ts": "2026-01-13T09:05:00Z", "track_name": "Hunter"}
LINES = "application/x-ndjson"


@pytest.fixture
def sending(fresh_topic, store):
    """An application on a topic of its own."""
    app = create_app(fresh_topic.model_copy(update={"api_body_mb": 1}), store)
    yield app.test_client()
    app.extensions[EXTENSION].delivery.close()


def on_kafka(settings) -> list[dict]:
    return [decode(message.value) for message in messages_of(settings)]


def titles_on_kafka(settings) -> list[str]:
    return sorted(listen["title"] for listen in on_kafka(settings))


def test_a_listen_is_on_kafka_as_the_importer_would_have_sent_it(sending, fresh_topic):
    response = sending.post("/api/listens", json=JOGA)

    assert response.status_code == 202
    assert response.json == {
        "read": 1, "accepted": 1, "duplicate": 0, "rejected": 0, "rejections": [],
    }  # fmt: skip
    [message] = messages_of(fresh_topic)
    listen = decode(message.value)
    shown = {name: value for name, value in listen.items() if value is not None}
    song = song_id("Björk", "Jóga")
    assert message.key == b"anna"
    assert {name: shown[name] for name in shown if not name.endswith("_id")} == {
        "ended_at": datetime(2026, 1, 13, 9, tzinfo=UTC),
        "ms_played": 200_000,
        "kind": "music",
        "title": "Jóga",
        "artist": "Björk",
        "album": "Homogenic",
        "genre": "Art Pop",
        "platform": "android",
        "platform_raw": "Android OS 14",
        "country": "DE",
        "rating": 5,
        "source": "http",
    }
    assert (listen["listener_id"], listen["song_id"]) == ("anna", song)
    assert listen["event_id"] == event_id("anna", 1_768_294_800_000, song, 200_000, 0)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps([JOGA, HUNTER]), "application/json"),
        (json.dumps({"listens": [JOGA, HUNTER]}), "application/json; charset=utf-8"),
        (f"{json.dumps(JOGA)}\n\n{json.dumps(HUNTER)}\n", LINES),
        (f"{json.dumps(JOGA)}\r\n{json.dumps(HUNTER)}", "application/jsonl"),
    ],
)
def test_listens_come_in_any_of_these_forms(sending, fresh_topic, body, content_type):
    response = sending.post("/api/listens", data=body, content_type=content_type)

    assert (response.status_code, response.json["accepted"]) == (202, 2)
    assert titles_on_kafka(fresh_topic) == ["Hunter", "Jóga"]


def test_every_row_is_accounted_for(sending, fresh_topic):
    rows = [
        JOGA,
        "Jóga",
        dict(reversed(JOGA.items())),
        HUNTER | {"ms_played": -1},
        {name: value for name, value in HUNTER.items() if name != "listener"},
        HUNTER | {"ts": "2999-01-01T00:00:00Z"},
        HUNTER,
    ]

    answer = sending.post("/api/listens", json=rows).json

    assert Accepted.model_validate(answer)
    assert answer == {
        "read": 7,
        "accepted": 2,
        "duplicate": 1,
        "rejected": 4,
        "rejections": [
            {
                "row": 2,
                "reason": "not_a_record",
                "why": "the row isn't a record of names and values",
            },
            {
                "row": 4,
                "reason": "negative_ms_played",
                "why": "the milliseconds played are less than zero",
            },
            {"row": 5, "reason": "no_listener", "why": "the row doesn't say who listened"},
            {"row": 6, "reason": "in_future", "why": "the playback ended more than a day from now"},
        ],
    }
    assert titles_on_kafka(fresh_topic) == ["Hunter", "Jóga"]
    found = samples(sending)
    outcomes = ("accepted", "duplicate", "rejected")
    assert [found["submitted_rows_total", each] for each in outcomes] == [2, 1, 4]
    assert found["submitted_rejections_total", "in_future"] == 1


def test_a_line_that_is_no_json_is_one_rejected_row(sending, fresh_topic):
    body = f'{json.dumps(JOGA)}\n{{"ts": "2026-01\n{json.dumps(HUNTER)}\n'

    answer = sending.post("/api/listens", data=body, content_type=LINES).json

    assert (answer["read"], answer["accepted"], answer["rejected"]) == (3, 2, 1)
    assert [each["row"] for each in answer["rejections"]] == [2]


def test_the_query_says_whose_all_listens_are(sending, fresh_topic):
    without = {name: value for name, value in JOGA.items() if name != "listener"}

    sending.post("/api/listens?listener=ben", json=[without, HUNTER])

    assert {listen["listener_id"] for listen in on_kafka(fresh_topic)} == {"ben"}


def test_a_listener_is_in_the_partition_that_the_importer_puts_them_in(sending, fresh_topic):
    names = [f"listener {number}" for number in range(20)]
    with open_sink(fresh_topic) as sink:
        for name in names:
            sink.send(name, b"imported")
        sink.flush()

    sending.post("/api/listens", json=[JOGA | {"listener": name} for name in names])

    places = [(message.key.decode(), message.partition) for message in messages_of(fresh_topic)]
    assert len(places) == 40
    assert len(set(places)) == 20
    assert len({partition for _, partition in places}) > 1


def test_personal_data_doesnt_reach_kafka(sending, fresh_topic, caplog):
    personal = {
        "ip_addr": "192.0.2.77",
        "user_agent": "Secret Browser 1.0",
        "email": "anna@example.org",
        "username": "anna-real-name",
    }

    sending.post("/api/listens", json=[JOGA | personal, HUNTER | personal | {"ms_played": None}])

    [message] = messages_of(fresh_topic)
    for value in personal.values():
        assert value.encode() not in message.value
        assert value not in caplog.text


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ('{"ts": ', "application/json", 400),
        ("", "application/json", 400),
        (json.dumps(JOGA), "text/plain", 415),
        (json.dumps(JOGA), "application/x-www-form-urlencoded", 415),
        (json.dumps(JOGA), "", 415),
        (json.dumps([JOGA] * 1_001), "application/json", 413),
        ("\n".join([json.dumps(JOGA)] * 1_001), LINES, 413),
        (json.dumps(JOGA | {"city": "x" * (1 << 20)}), "application/json", 413),
    ],
)
def test_a_request_that_cant_be_read_brings_nothing(
    sending, fresh_topic, body, content_type, status
):
    response = sending.post("/api/listens", data=body, content_type=content_type)

    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert messages_of(fresh_topic) == []


def test_a_thousand_listens_are_taken_at_a_time(sending, fresh_topic):
    rows = [JOGA | {"ms_played": 1_000 + number} for number in range(1_000)]

    answer = sending.post("/api/listens", json=rows).json

    assert answer["accepted"] == 1_000
    assert {listen["ms_played"] for listen in on_kafka(fresh_topic)} == {*range(1_000, 2_000)}


@pytest.mark.parametrize("name", ["", "x" * 129, "a\x07b"])
def test_a_listener_who_cant_be_is_named(unconnected_client, name):
    response = unconnected_client.post("/api/listens", query_string={"listener": name}, json=JOGA)

    assert (response.status_code, response.json["parameter"]) == (422, "listener")


def test_a_page_of_another_origin_isnt_let_in(fresh_topic, store):
    settings = fresh_topic.model_copy(update={"cors_origins": "https://charts.example"})
    asked = {
        "Origin": "https://charts.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }

    allowed = create_app(settings, store).test_client().options("/api/listens", headers=asked)

    assert "POST" not in allowed.headers.get("Access-Control-Allow-Methods", "")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
ODD_ROWS = st.lists(
    VALUES | st.dictionaries(st.sampled_from([*JOGA, "skipped", "album", "timezone"]), VALUES),
    max_size=5,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[*HealthCheck])
@given(rows=ODD_ROWS, spoilt=st.dictionaries(st.sampled_from([*JOGA]), VALUES))
def test_whatever_a_row_holds_it_is_taken_or_has_a_reason(sending, rows, spoilt):
    response = sending.post("/api/listens", json=[*rows, JOGA | spoilt])

    assert response.status_code == 202
    answer = response.json
    assert answer["read"] == len(rows) + 1
    assert answer["read"] == answer["accepted"] + answer["duplicate"] + answer["rejected"]
    assert [each["reason"] in REASONS for each in answer["rejections"]] == [True] * answer[
        "rejected"
    ]
