"""MongoDB goes and comes back: 503 meanwhile, and nobody has to restart the API."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from api.application import create_app
from listens.settings import Settings
from listens.store import connect
from stack.lifecycle import down, start, wait_until_ready
from tests.api.documents import Heard, write_commit


def test_it_starts_without_mongodb_and_says_what_is_wrong(unconnected_client):
    assert unconnected_client.get("/healthz").json == {"status": "ok"}
    assert unconnected_client.get("/", follow_redirects=True).status_code == 200

    began = time.monotonic()
    response = unconnected_client.get("/api/top-songs")

    assert time.monotonic() - began < 10  # and not the 30 s that a large chart may take
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert response.headers["Retry-After"] == "5"


@pytest.mark.timeout(180)
def test_it_answers_again_once_mongodb_is_back(new_settings: Callable[[], Settings]):
    settings = new_settings()
    client = create_app(settings).test_client()
    statuses = [client.get("/api/summary").status_code]
    try:
        for _ in range(2):
            start(settings, ("mongod",))
            wait_until_ready(settings, ("mongod",), progress=lambda _name, _reason: None)
            if len(statuses) == 1:
                store = connect(settings)
                write_commit(store, 1, [Heard(datetime(2026, 1, 13, tzinfo=UTC), "Jóga")])
                store.client.close()
            statuses.append(client.get("/api/summary").status_code)
            down(settings)
            statuses.append(client.get("/api/summary").status_code)
    finally:
        down(settings)

    assert statuses == [503, 200, 503, 200, 503]
