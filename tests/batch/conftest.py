"""A database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from listens.settings import Settings
from listens.store import Store, connect


@pytest.fixture
def store(fresh_database: Settings) -> Iterator[Store]:
    """The database, empty."""
    opened = connect(fresh_database)
    yield opened
    opened.client.close()
