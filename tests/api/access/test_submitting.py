"""Whose listens one may send, where access is on."""

from __future__ import annotations

import pytest

from api.answering import EXTENSION
from api.application import create_app
from listens.codec import decode
from tests.api.access.asking import add_everyone, program, sign_in
from tests.ingestion.topic import messages_of

LISTEN = {
    "ts": "2026-01-13T09:00:00Z",
    "ms_played": 200_000,
    "track_name": "Jóga",
    "artist_name": "Björk",
}
SUBMISSION = {
    "listen_type": "single",
    "payload": [
        {
            "listened_at": 1_768_294_800,
            "track_metadata": {"track_name": "Jóga", "artist_name": "Björk"},
        }
    ],
}


@pytest.fixture
def own_shown(store):
    """The headers of everyone."""
    return add_everyone(store) | sign_in(store)


@pytest.fixture
def sending(fresh_topic, store):
    """An application with access on, on a topic of its own."""
    app = create_app(fresh_topic.model_copy(update={"access": "on"}), store)
    yield program(app)
    app.extensions[EXTENSION].delivery.close()


def listeners_on_kafka(settings) -> list[str]:
    return sorted(decode(message.value)["listener_id"] for message in messages_of(settings))


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        (("anna", "", None), 202, ["anna"]),
        (("anna's token", "", None), 202, ["anna"]),
        (("anna's token", "", "anna"), 202, ["anna"]),
        (("anna's token", "?listener=anna", None), 202, ["anna"]),
        (("anna's token", "", "ben"), 403, []),
        (("anna's token", "?listener=ben", None), 403, []),
        (("anna", "?listener=ben", "anna"), 403, []),
        (("write token", "", "ben"), 202, ["ben"]),
        (("write token", "?listener=ben", None), 202, ["ben"]),
        (("write token", "", None), 202, []),  # the row is rejected: it's nobody's
        (("admin", "", "ben"), 202, ["ben"]),
        (("listens token", "", "ben"), 403, []),
        (("viewer", "?listener=viewer", None), 403, []),
        (("anonymous", "?listener=anna", None), 401, []),
    ],
)
def test_one_sends_own_listens_or_may_send_everyones(
    sending, own_shown, fresh_topic, asked, status, expected
) -> None:
    who, query, named = asked
    row = LISTEN if named is None else LISTEN | {"listener": named}
    headers = own_shown[who] | {"Origin": "http://localhost"}

    response = sending.post(f"/api/listens{query}", json=[row], headers=headers)

    assert response.status_code == status
    assert listeners_on_kafka(fresh_topic) == expected


def test_a_token_tells_whose_scrobbles_they_are(sending, own_shown, fresh_topic) -> None:
    def submit(header: str) -> int:
        headers = {"Authorization": header}
        return sending.post("/1/submit-listens", json=SUBMISSION, headers=headers).status_code

    text = own_shown["anna's token"]["Authorization"].removeprefix("Bearer ")
    everyones = own_shown["write token"]["Authorization"].removeprefix("Bearer ")

    assert [submit(f"Token {each}") for each in (text, everyones, "anna")] == [200, 401, 401]
    assert listeners_on_kafka(fresh_topic) == ["anna"]

    def validity(token: str) -> dict:
        return sending.get("/1/validate-token", query_string={"token": token}).json

    assert validity(text)["user_name"] == "anna"
    assert [validity(each)["valid"] for each in (everyones, "anna")] == [False, False]


def test_a_denial_of_the_protocol_has_its_shape(sending, own_shown) -> None:
    shown = {"Authorization": own_shown["listens token"]["Authorization"]}

    unknown = sending.post("/1/submit-listens", json=SUBMISSION)
    denied = sending.post("/1/submit-listens", json=SUBMISSION, headers=shown)

    assert (unknown.status_code, unknown.json["code"]) == (401, 401)
    assert (denied.status_code, denied.json["code"]) == (403, 403)
