"""MongoDB away: nobody is let in who can't be known, and what needs nobody goes on."""

from __future__ import annotations

import pytest

from api.application import create_app
from listens.settings import Settings
from listens.store import open_store
from tests.api.access.asking import program

TOKEN = {"Authorization": f"Bearer pc_{'0' * 16}_{'A' * 43}"}
SESSION = {"Cookie": f"playcount=ps_{'0' * 16}_{'A' * 43}"}


@pytest.fixture(scope="module")
def app():
    update = {"mongo_uri": "mongodb://127.0.0.1:1/?replicaSet=rs0", "access": "on"}
    nowhere = open_store(Settings().model_copy(update=update), timeout_seconds=0.2)
    yield create_app(Settings().model_copy(update=update), nowhere)
    nowhere.client.close()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/healthz", {}, 200),
        ("/healthz", SESSION, 200),
        ("/dashboard/style.css", SESSION, 200),
        ("/config.json", TOKEN, 200),
        ("/login", {}, 200),
        ("/api/top-songs", {}, 401),
        ("/api/top-songs", TOKEN, 503),
        ("/api/top-songs", SESSION, 503),
        ("/", SESSION, 503),
    ],
)
def test_what_cant_be_decided_is_a_503(app, path, headers, status) -> None:
    response = program(app).get(path, headers=headers)

    assert response.status_code == status
    assert ("Retry-After" in response.headers) == (status == 503)


def test_nobody_signs_in(app) -> None:
    form = {"name": "anna", "password": "correct horse battery"}

    assert program(app).post("/login", data=form).status_code == 503
