"""Those who ask the API, and how each shows who they are."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.access import links, sessions, tokens, users
from api.access.passwords import hash_password
from listens.store import Store
from tests.api.documents import Heard, write_commit, write_version

PASSWORD = "correct horse battery"
ELSEWHERE = "203.0.113.7"
"""An address that isn't this machine's."""

HEARD_AT = datetime(2026, 1, 13, 9, tzinfo=UTC)

USERS = {"viewer": ("viewer", None), "anna": ("listener", None), "admin": ("admin", None)}
TOKENS = {
    "charts token": (["charts:read"], None),
    "listens token": (["listens:read"], None),
    "anna's token": (["listens:read", "listens:write"], "anna"),
    "write token": (["listens:write"], None),
    "metrics token": (["metrics:read"], None),
    "admin token": (["admin"], None),
}
WHO = ("anonymous", *USERS, *TOKENS, "anna's link")


def fill(store: Store) -> None:
    """Two listeners, of whom ben heard more, in both layers."""
    heard = [
        Heard(HEARD_AT, "Jóga", genre="rock"),
        Heard(HEARD_AT, "Jóga", genre="rock", listener="ben"),
        Heard(HEARD_AT, "Hunter", genre="rock", listener="ben"),
    ]
    write_commit(store, 1, heard)
    write_version(store, 1, 1, heard)
    write_commit(store, 2, [Heard(HEARD_AT, "Jóga", listener="ben")])


def add_everyone(store: Store) -> dict[str, dict[str, str]]:
    """Add users, tokens and a link; name → the headers that show it, but for users."""
    shown: dict[str, dict[str, str]] = {"anonymous": {}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "hash_password", _hashed)
        for name, (role, listener) in USERS.items():
            users.add(store, name, role=role, listener=listener, password=PASSWORD)
    for name, (scopes, listener) in TOKENS.items():
        text = tokens.create(store, name, scopes=scopes, listener=listener)
        shown[name] = {"Authorization": f"Bearer {text}"}
    shown["anna's link"] = {"Cookie": f"playcount-link={links.create(store, 'anna')}"}
    return shown


@cache
def _hashed(password: str) -> str:
    """Hashed once for all tests: a hash is made to take long."""
    return hash_password(password)


def sign_in(store: Store) -> dict[str, dict[str, str]]:
    """Begin a session of each user; name → the headers that show it."""
    return {name: {"Cookie": f"playcount={sessions.begin(store, name, hours=1)}"} for name in USERS}


def browser(app: Flask, address: str = ELSEWHERE) -> FlaskClient:
    """A client with an address of its own, which keeps cookies."""
    return _from(app.test_client(), address)


def program(app: Flask, address: str = ELSEWHERE) -> FlaskClient:
    """A client that sends just the headers that it's given."""
    return _from(app.test_client(use_cookies=False), address)


def _from(client: FlaskClient, address: str) -> FlaskClient:
    client.environ_base["REMOTE_ADDR"] = address
    return client
