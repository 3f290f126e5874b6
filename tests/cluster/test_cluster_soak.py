"""Every part of a real cluster killed while events flow: exact afterwards, and how long it took."""

from __future__ import annotations

import signal
import time

import psutil
import pytest

from listens.cluster import yarn
from listens.cluster.submit import running
from stack.processes import choose
from streaming.submitted import NAME
from tests.cluster.yarn_processes import EXECUTOR, MASTER, containers
from tests.crashes.feed import Feed
from tests.crashes.harness import Stack, eventually, kill_tree, say, signal_tree
from tests.crashes.judging import judge

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

DAEMONS = ("nodemanager", "resourcemanager", "datanode", "namenode")


def recovered(cluster: Stack, feed: Feed, what: str, *, since: float) -> None:
    """Wait until events that come in now are counted; then hold everything against the files."""
    head = cluster.head()["_id"]
    feed.more()
    eventually(lambda: cluster.head()["_id"] > head + 1, "commits", seconds=600)
    say(f"{what} killed; events were counted again after {time.monotonic() - since:.1f} s")
    judge(cluster, feed, thorough=False)


@pytest.mark.parametrize("name", DAEMONS)
def test_a_killed_daemon_comes_back(cluster: Stack, feed: Feed, name: str) -> None:
    feed.more_under_way()
    kill_tree(cluster.state(name).pid)
    killed = time.monotonic()

    cluster.wait_until_ready(*choose(cluster.settings, name))

    say(f"{name} works again after {time.monotonic() - killed:.1f} s")
    recovered(cluster, feed, name, since=killed)


@pytest.mark.parametrize("main", [EXECUTOR, MASTER], ids=["executor", "driver"])
@pytest.mark.parametrize("time_", [1, 2])
def test_a_killed_container_is_started_again(
    cluster: Stack, feed: Feed, main: str, time_: int
) -> None:
    feed.more_under_way()
    app = running(NAME, cluster.settings)
    assert app is not None
    for process in containers(cluster.settings, main, app_id=app.id):
        process.kill()
    recovered(cluster, feed, f"{main.rpartition('.')[2]}, time {time_}", since=time.monotonic())


def test_all_processes_killed_at_once(cluster: Stack, feed: Feed) -> None:
    feed.settle()
    names = choose(cluster.settings, "")
    pids = [cluster.state(name).pid for name in names]
    killed = time.monotonic()
    for pid in pids:
        kill_tree(pid)

    cluster.wait_until_ready(*names)

    say(f"all {len(pids)} processes work again after {time.monotonic() - killed:.1f} s")
    recovered(cluster, feed, "everything", since=killed)


def test_a_frozen_driver_that_wakes_up_counts_nothing_twice(cluster: Stack, feed: Feed) -> None:
    feed.more_under_way()
    app = running(NAME, cluster.settings)
    assert app is not None
    (master,) = containers(cluster.settings, MASTER, app_id=app.id)
    signal_tree(master.pid, signal.SIGSTOP)
    frozen = time.monotonic()
    feed.more()
    eventually(
        lambda: yarn.application(cluster.settings, app.id).attempt > app.attempt,
        "another attempt",
        seconds=900,
    )
    say(f"YARN started another driver after {time.monotonic() - frozen:.1f} s")
    try:
        signal_tree(master.pid, signal.SIGCONT)
        say("the frozen driver goes on")
    except psutil.NoSuchProcess:
        say("the NodeManager had ended the frozen driver")

    recovered(cluster, feed, "a frozen driver", since=frozen)
