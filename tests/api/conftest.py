"""An application on an empty database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.application import create_app
from listens.settings import Settings
from listens.store import Store, connect, ensure_indexes, open_store
from tests.conftest import unique_name


@pytest.fixture(scope="session")
def reused(mongo_server: Settings) -> Iterator[Store]:
    """The database of all tests here: to make and drop one takes longer than most of them."""
    opened = connect(mongo_server.model_copy(update={"database": unique_name()}))
    ensure_indexes(opened)
    yield opened
    opened.client.drop_database(opened.name)
    opened.client.close()


@pytest.fixture
def database_name(reused: Store) -> str:
    """`reused`, emptied: collections and indexes stay, as in an installation that has run."""
    for name in reused.list_collection_names():
        reused[name].delete_many({})
    return reused.name


@pytest.fixture
def store(fresh_database: Settings) -> Iterator[Store]:
    """The database, empty."""
    opened = connect(fresh_database)
    ensure_indexes(opened)
    yield opened
    opened.client.close()


@pytest.fixture
def app(fresh_database: Settings, store: Store) -> Flask:
    """The application on that database."""
    return create_app(fresh_database, store)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Asks the application."""
    return app.test_client()


@pytest.fixture(scope="session")
def unconnected_client() -> Iterator[FlaskClient]:
    """Asks an application without a database: what it answers, it answers by itself."""
    settings = Settings().model_copy(update={"mongo_uri": "mongodb://127.0.0.1:1/?replicaSet=rs0"})
    nowhere = open_store(settings, timeout_seconds=0.2)
    yield create_app(settings, nowhere).test_client()
    nowhere.client.close()
