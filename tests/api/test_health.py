"""Readiness, and the ids of requests in answers and logs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from api.application import create_app
from api.web import request_ids
from api.web.logs import EventFormatter
from tests.api.documents import Heard, write_commit, write_version

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.fixture
def ready(fresh_database, store):
    """Asks an application at NOW that wants a batch version of the last day."""
    settings = fresh_database.model_copy(update={"ready_batch_hours": 24})
    write_commit(store, 1, [Heard(NOW, "Jóga")])
    write_version(store, 1, 1, [Heard(NOW, "Jóga")])
    store.batch_versions.update_one({"_id": 1}, {"$set": {"at": NOW - timedelta(hours=23)}})
    store.heartbeats.insert_one({"_id": "streaming", "at": NOW - timedelta(seconds=2)})
    return create_app(settings, store, clock=lambda: NOW).test_client()


def test_it_is_ready_with_a_store_and_fresh_data(ready):
    response = ready.get("/readyz")

    assert (response.status_code, response.json) == (
        200,
        {
            "status": "ready",
            "checks": {
                "store": {"ok": True, "age_seconds": None},
                "streaming": {"ok": True, "age_seconds": 2.0},
                "batch": {"ok": True, "age_seconds": 82_800.0},
            },
        },
    )
    assert response.headers["Cache-Control"] == "no-store"


def test_it_says_what_is_stale(ready, store):
    store.heartbeats.update_one({"_id": "streaming"}, {"$set": {"at": NOW - timedelta(minutes=5)}})
    store.batch_versions.update_one({"_id": 1}, {"$set": {"at": NOW - timedelta(hours=25)}})

    response = ready.get("/readyz")

    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert response.headers["Retry-After"] == "5"
    assert response.json["detail"] == (
        "streaming last reported 300 s ago; 60 s are allowed; "
        "batch last reported 90000 s ago; 86400 s are allowed."
    )
    assert response.json["checks"]["store"] == {"ok": True, "age_seconds": None}
    assert response.json["checks"]["batch"] == {"ok": False, "age_seconds": 90_000.0}


def test_what_has_never_been_there_is_told_and_the_batch_only_if_asked_for(client):
    response = client.get("/readyz")

    assert response.json["detail"] == "streaming has never reported."
    assert list(response.json["checks"]) == ["store", "streaming"]


def test_without_the_store_it_is_alive_but_not_ready(unconnected_client):
    response = unconnected_client.get("/readyz")

    assert (response.status_code, response.json["detail"]) == (503, "MongoDB doesn't answer.")
    assert unconnected_client.get("/healthz").status_code == 200


def test_an_id_of_the_caller_is_taken_over(unconnected_client):
    for path in ("/healthz", "/nothing", "/api/top-songs?limit=0"):
        response = unconnected_client.get(path, headers={"X-Request-Id": "abc-123.4"})
        assert response.headers["X-Request-Id"] == "abc-123.4"


@pytest.mark.parametrize("given", [None, "", "two words", "x" * 129, 'a"b', "é"])
def test_another_is_made_where_there_is_none_that_can_be_used(unconnected_client, given):
    headers = {} if given is None else {"X-Request-Id": given}
    ids = {unconnected_client.get("/healthz", headers=headers).headers["X-Request-Id"]
           for _ in range(2)}  # fmt: skip

    assert len(ids) == 2
    assert all(len(each) == 32 for each in ids)


def test_what_is_logged_about_a_request_has_its_id(unconnected_client, caplog):
    caplog.handler.addFilter(request_ids.add_to)
    unconnected_client.get("/api/summary", headers={"X-Request-Id": "abc"})
    caplog.handler.removeFilter(request_ids.add_to)

    [record] = [each for each in caplog.records if each.name == "api.web.problems"]
    line = EventFormatter("%(levelname)s %(message)s").format(record)
    assert (
        line == "WARNING the store doesn't answer error=ServerSelectionTimeoutError request_id=abc"
    )


def test_a_refused_request_is_logged_by_its_route_and_never_by_its_path(unconnected_client, caplog):
    with caplog.at_level(logging.DEBUG, "api.web.logs"):
        unconnected_client.get("/api/listeners/anna?limit=1")
        unconnected_client.get("/healthz?a=anna")
        unconnected_client.get("/healthz")

    form = EventFormatter("%(levelname)s %(message)s")
    lines = [form.format(each) for each in caplog.records if each.name == "api.web.logs"]
    assert lines == [
        "INFO request method=GET route=/api/listeners/<path:listener> status=422",
        "INFO request method=GET route=/healthz status=422",
        "DEBUG request method=GET route=/healthz status=200",
    ]


def test_a_field_cant_forge_a_line():
    record = logging.makeLogRecord({"msg": "said", "levelname": "INFO", "what": 'a\nb="c"'})

    assert EventFormatter("%(message)s").format(record) == r'said what="a\nb=\"c\""'
