"""docs/operations.md tried on a real cluster: "HDFS full, or in safe mode", "A bad deployment"."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from listens.cluster import yarn
from listens.cluster.submit import running
from listens.settings import CHECKOUT, HDFS_HOME
from stack.processes import choose
from streaming.submitted import NAME
from tests.cluster.commands import command, dfsadmin
from tests.crashes.feed import Feed
from tests.crashes.harness import Stack, eventually, say
from tests.crashes.judging import assert_some_charts, judge
from tests.pipeline.deployments import BAD_RULE, deployed
from tests.pipeline.independent import Count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(2400)]

COMPONENTS_OF_A_REBUILD = "kafka,mongod,namenode,datanode,resourcemanager,nodemanager"


def assert_recovered(cluster: Stack, feed: Feed, *, since: float) -> None:
    """All that came meanwhile is counted and archived, and the archive proves it."""
    cluster.wait_until_settled()
    say(f"all counted and archived {time.monotonic() - since:.1f} s after HDFS took writes again")
    judge(cluster, feed, thorough=False)
    checked = json.loads(command(cluster, "archive", "check", "--json"))
    assert (checked["problems"], checked["events"]) == ([], checked["counted"])


def test_hdfs_is_full(cluster: Stack, feed: Feed) -> None:
    feed.more_under_way()
    dfsadmin(cluster, "-setSpaceQuota", "1m", HDFS_HOME)
    try:
        feed.more()
        feed.settle()
        assert_attempts(cluster, more=2)
    finally:
        dfsadmin(cluster, "-clrSpaceQuota", HDFS_HOME)

    assert_recovered(cluster, feed, since=time.monotonic())


def test_hdfs_is_in_safe_mode(cluster: Stack, feed: Feed) -> None:
    feed.more_under_way()
    dfsadmin(cluster, "-safemode", "enter")
    try:
        status = cluster.command("status", "--json")
        assert cluster.finish(status) == 1
        assert "safeMode" in json.loads(cluster.output(status))["cluster"]["hdfs"]["state"]
        feed.more()
        feed.settle()
        assert_attempts(cluster, more=1)
    finally:
        dfsadmin(cluster, "-safemode", "leave")

    assert_recovered(cluster, feed, since=time.monotonic())


def assert_attempts(cluster: Stack, *, more: int) -> None:
    """The application fails and is started again, so many times."""
    app = running(NAME, cluster.settings)
    assert app is not None
    wanted = app.attempt + more
    eventually(
        lambda: yarn.application(cluster.settings, app.id).attempt >= wanted,
        f"attempt {wanted}",
        seconds=600,
    )


def test_a_bad_deployment(cluster: Stack, feed: Feed, tmp_path: Path) -> None:
    feed.more()
    judge(cluster, feed, thorough=False)
    good = json.loads(command(cluster, "batch", "run", "--json"))["version"]

    deploy(cluster, deployed(tmp_path / "bad", BAD_RULE))
    feed.more()
    feed.settle()
    cluster.wait_until_settled()
    command(cluster, "batch", "run")
    with pytest.raises(AssertionError):
        assert_some_charts(cluster, Count(feed.files))

    deploy(cluster, CHECKOUT)
    rolled = json.loads(command(cluster, "batch", "rollback", "--json"))
    assert rolled["to"] == good
    verify = cluster.command("batch", "verify")
    assert cluster.finish(verify) == 1
    assert "differs from version" in cluster.output(verify)
    command(cluster, "down")
    command(cluster, "up", "--only", COMPONENTS_OF_A_REBUILD)
    command(cluster, "rebuild", "--force")
    command(cluster, "up")

    feed.more()
    feed.settle()
    cluster.wait_until_settled()
    assert_some_charts(cluster, Count(feed.files))
    command(cluster, "batch", "verify")


def deploy(cluster: Stack, checkout: Path) -> None:
    """Start another version instead of the one that runs."""
    cluster.checkout = checkout
    command(cluster, "cluster", "install")
    command(cluster, "down")
    command(cluster, "up")
    cluster.wait_until_ready(*choose(cluster.settings, ""))
