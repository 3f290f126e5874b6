"""One stack for all tests of a module: they crash it one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from listens.settings import Settings
from tests.crashes.harness import Stack

DEFAULT_SEED = "20260101"


@pytest.fixture(scope="module")
def crashing(new_settings: Callable[[], Settings]) -> Iterator[Stack]:
    """Everything that `up` starts, in a home of its own; CRASH_SEED chooses other moments."""
    stack = Stack(new_settings(), seed=int(os.environ.get("CRASH_SEED", DEFAULT_SEED)))
    try:
        stack.up()
        yield stack
    finally:
        stack.close()
