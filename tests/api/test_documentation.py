"""Runs the examples of docs/api.md, and finds every setting, route and parameter in it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from api.description.openapi_routes import ROUTES
from api.questions.queries import parameters_of
from listens.settings import CHECKOUT
from tests.api.documents import Heard, write_commit, write_version

TEXT = (CHECKOUT / "docs/api.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"\$ curl 'http://127\.0\.0\.1:5000([^']+)'\n```\n```json\n(.*?)```", re.DOTALL
)
TUESDAY = datetime(2026, 1, 13, 9, tzinfo=UTC)


@pytest.fixture
def documented_store(store):
    """The four listens of which the examples tell."""
    old = [
        Heard(TUESDAY - timedelta(days=1), "Jóga", album="Homogenic"),
        Heard(TUESDAY, "Hyperballad"),
    ]
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    later = TUESDAY + timedelta(days=1)
    write_commit(store, 2, [Heard(later, "Jóga"), Heard(later, "The News", kind="podcast")])


@pytest.mark.parametrize(("question", "text"), EXAMPLE.findall(TEXT))
def test_an_example_is_what_is_answered(client, documented_store, question, text):
    assert client.get(question).json == json.loads(text)


def test_there_are_examples():
    assert len(EXAMPLE.findall(TEXT)) == 9


@pytest.mark.parametrize("path", [path for path, route in ROUTES.items() if route.query])
def test_every_route_is_documented_with_its_parameters(path):
    query = ROUTES[path].query
    missing = [name for name in parameters_of(query) if f"`{name}`" not in TEXT]

    assert missing == []
    assert f"`{path}`" in TEXT or path == "/config.json"  # which is for the dashboard alone
