"""An application with access on, where anna and ben have listened."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from flask import Flask

from api.application import create_app
from listens.settings import Settings
from listens.store import Store, connect, ensure_indexes
from tests.api.access.asking import add_everyone, fill, sign_in


@pytest.fixture(scope="module")
def access_settings(mongo_server: Settings) -> Settings:
    """Settings with access on, and a database for the tests of one module."""
    update = {"database": f"test_{uuid.uuid4().hex[:12]}", "access": "on"}
    return mongo_server.model_copy(update=update)


@pytest.fixture(scope="module")
def filled(access_settings: Settings) -> Iterator[Store]:
    """The database, with listens of anna and ben."""
    store = connect(access_settings)
    ensure_indexes(store)
    fill(store)
    yield store
    store.client.drop_database(access_settings.database)
    store.client.close()


@pytest.fixture(scope="module")
def everyone(filled: Store) -> dict[str, dict[str, str]]:
    """The headers of all who need no session."""
    return add_everyone(filled)


@pytest.fixture
def shown(filled: Store, everyone: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The headers of everyone, users with sessions of their own."""
    return everyone | sign_in(filled)


@pytest.fixture
def guarded(access_settings: Settings, filled: Store) -> Flask:
    """The application on that database, which nobody has asked yet."""
    return create_app(access_settings, filled)
