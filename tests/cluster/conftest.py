"""One real cluster for all tests here: HDFS and YARN beside Kafka and MongoDB, on own ports."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator

import pytest

from listens.settings import HADOOP_PORTS, Settings
from stack.bringing_up import bring_up
from stack.environment import ensure, this_environment
from stack.processes import choose
from tests.conftest import PORTS_FROM, PORTS_TO, is_free
from tests.crashes.feed import Feed
from tests.crashes.harness import Stack, say


@pytest.fixture(scope="session")
def cluster(new_settings: Callable[[], Settings]) -> Iterator[Stack]:
    """Everything that `up` starts in the profile cluster, streaming on YARN."""
    environment = this_environment()
    ensure(type(environment)(environment.checkout, environment.jars, cluster=True))
    update = {"profile": "cluster", "hadoop_ports_from": free_range(len(HADOOP_PORTS))}
    stack = Stack(
        new_settings().model_copy(update=update), seed=int(os.environ.get("CRASH_SEED", "1"))
    )
    try:
        bring_up(stack.settings, choose(stack.settings, ""))
        yield stack
    finally:
        say("down")
        stack.close()


@pytest.fixture(scope="session")
def feed(cluster: Stack) -> Feed:
    """What has been imported so far: every test adds to it, and compares with all of it."""
    return Feed(cluster, rows=4_000)


def free_range(size: int) -> int:
    """The first of so many ports that are free."""
    for first in random.sample(range(PORTS_FROM, PORTS_TO, 50), 50):
        if all(is_free(port) for port in range(first, first + size)):
            return first
    raise AssertionError("no free ports")
