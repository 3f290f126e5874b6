"""The pipeline on a real HDFS and YARN: exact at every moment, also when parts are killed."""

from __future__ import annotations

import getpass
import json
import time
import urllib.request

import pytest

from batch.lease import exclusive
from batch.versions import BUSY_EXIT
from listens.cluster import yarn
from listens.cluster.hdfs import client
from listens.cluster.submit import running
from listens.settings import HDFS_HOME
from stack.positions import read_positions
from streaming.submitted import NAME
from tests.cluster.commands import command, dfsadmin
from tests.cluster.yarn_processes import MASTER, all_containers, containers
from tests.crashes.feed import Feed
from tests.crashes.harness import Stack, eventually, say, simulate
from tests.crashes.judging import assert_some_charts, judge
from tests.pipeline.independent import Count

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def attempt(cluster: Stack) -> tuple[str, int]:
    """The streaming application's id, and the number of its driver."""
    app = running(NAME, cluster.settings)
    assert app is not None
    return app.id, app.attempt


def test_charts_are_exact_before_during_and_after_a_batch_on_yarn(
    cluster: Stack, feed: Feed
) -> None:
    feed.more()
    judge(cluster, feed)

    batch = cluster.command("batch", "run", "--submit", "--json")
    feed.more()
    feed.settle()
    cluster.wait_until_settled()
    count = Count(feed.files)
    while batch.poll() is None:
        assert_some_charts(cluster, count)
        time.sleep(1)

    assert cluster.finish(batch) == 0, cluster.output(batch, "err")
    version = json.loads(cluster.output(batch))
    assert version["audit"].startswith("equals version 0 plus")
    judge(cluster, feed)
    answer = cluster.get("/api/top-songs", limit=1)
    assert answer["as_of"]["batch_version"] == version["version"]


def test_the_status_tells_of_hdfs_and_yarn(cluster: Stack) -> None:
    status = json.loads(command(cluster, "status", "--json"))

    assert status["healthy"], status
    assert status["cluster"]["hdfs"]["state"] == "Operational"
    assert status["cluster"]["hdfs"]["live_nodes"] == 1
    assert status["cluster"]["hdfs"]["files"] > 10
    assert status["cluster"]["yarn"]["activeNodes"] == 1
    (streaming,) = [app for app in status["cluster"]["applications"] if app["name"] == NAME]
    assert (streaming["state"], streaming["attempt"]) == ("RUNNING", 1)


@pytest.mark.parametrize(
    ("port", "page", "word"),
    [
        ("namenode_http", "/dfshealth.html", "Namenode"),
        ("namenode_http", "/explorer.html", "Browse"),
        ("datanode_http", "/datanode.html", "DataNode"),
        ("resourcemanager_http", "/cluster/apps/RUNNING", "playcount streaming"),
        ("nodemanager_http", "/node", "NodeManager"),
        ("history", "/", "History Server"),
        ("namenode_http", "/prom", "files_total"),
    ],
)
def test_web_pages_answer(cluster: Stack, port: str, page: str, word: str) -> None:
    url = f"http://127.0.0.1:{cluster.settings.hadoop_port(port)}{page}"

    with urllib.request.urlopen(url, timeout=30) as answer:
        assert word in answer.read().decode()


def test_a_second_submission_watches_the_application_that_runs(cluster: Stack) -> None:
    before = running(NAME, cluster.settings)
    second = cluster.command("stream", "--submit")
    eventually(lambda: "runs already" in cluster.output(second, "err"), "the second one's word")

    second.kill()
    cluster.finish(second)

    assert before is not None
    alive = yarn.applications(cluster.settings)
    assert [app.id for app in alive if app.name == NAME] == [before.id]


def test_a_backfill_on_yarn_changes_no_answer(cluster: Stack, feed: Feed) -> None:
    before = command(cluster, "batch", "list", "--json")

    command(cluster, "batch", "backfill", "--from", "2023-01-01", "--to", "2023-03-01", "--submit")

    assert command(cluster, "batch", "list", "--json") != before
    judge(cluster, feed)


def test_counting_goes_on_while_the_archive_cannot_be_written(cluster: Stack, feed: Feed) -> None:
    streaming = attempt(cluster)
    before = read_positions(cluster.settings).archive.until
    dfsadmin(cluster, "-setSpaceQuota", "1m", f"{HDFS_HOME}/archive")
    try:
        feed.more()
        feed.settle()
        eventually(lambda: cluster.backlog() == 0, "all of it counted")
        assert_some_charts(cluster, Count(feed.files))
        assert read_positions(cluster.settings).archive.until == before
    finally:
        dfsadmin(cluster, "-clrSpaceQuota", f"{HDFS_HOME}/archive")

    judge(cluster, feed, thorough=False)
    assert attempt(cluster) == streaming


def test_a_killed_driver_is_started_again_by_yarn(cluster: Stack, feed: Feed) -> None:
    feed.more_under_way()
    app = running(NAME, cluster.settings)
    assert app is not None
    (master,) = containers(cluster.settings, MASTER, app_id=app.id)
    head = cluster.head()["_id"]

    master.kill()
    killed = time.monotonic()
    feed.more()
    eventually(lambda: cluster.head()["_id"] > head + 1, "commits of another driver")

    say(f"driver killed; events were counted again after {time.monotonic() - killed:.1f} s")
    again = yarn.application(cluster.settings, app.id)
    assert (again.state, again.attempt) == ("RUNNING", app.attempt + 1)
    judge(cluster, feed)


def test_down_stops_the_application_in_order_and_leaves_no_process(
    cluster: Stack, feed: Feed
) -> None:
    app = running(NAME, cluster.settings)
    assert app is not None

    command(cluster, "down")

    assert cluster.processes() == []
    assert all_containers(cluster.settings) == []

    command(cluster, "up")
    assert yarn.application(cluster.settings, app.id).final_status == "SUCCEEDED"
    feed.more()
    judge(cluster, feed)


def test_a_bulk_load_goes_by_hdfs_and_yarn(cluster: Stack, feed: Feed) -> None:
    path = cluster.settings.home / "bulk.csv"
    simulate(path, rows=4_000, seed=77)
    load = ("import", str(path), "--listener", "bulk", "--bulk", "--json")

    first, second = (json.loads(command(cluster, *load)) for _ in range(2))

    assert (first["new"], first["duplicate"]) == (4_000, 0)
    assert (second["new"], second["duplicate"]) == (0, 4_000)
    version = json.loads(command(cluster, "batch", "run", "--submit", "--json"))
    assert version["audit"].endswith("and 4,000 events loaded in bulk")
    assert_some_charts(cluster, Count([*feed.files, ("bulk", "csv", path)]))


def test_upkeep_runs_on_yarn_and_removes_what_the_dead_left(cluster: Stack) -> None:
    hdfs = client(cluster.settings)
    checkpoints, staging = f"{HDFS_HOME}/checkpoints", f"/user/{getpass.getuser()}/.sparkStaging"
    newest = max(hdfs.list(f"{checkpoints}/speed/offsets"), key=int)
    for name in ("metadata", f"offsets/{newest}"):
        with hdfs.read(f"{checkpoints}/speed/{name}") as reader:
            hdfs.write(f"{checkpoints}/counts/{name}", reader.read())
    hdfs.write(f"{staging}/application_1_0001/playcount.settings", b"secret")
    hdfs.write(f"{staging}/application_1_0002/others.settings", b"not ours")
    streaming = attempt(cluster)

    checked = json.loads(command(cluster, "archive", "check", "--json"))
    at_once = {"PLAYCOUNT_CHECKPOINT_RETENTION_HOURS": "0"}
    optimized = json.loads(command(cluster, "archive", "optimize", "--json", **at_once))

    assert checked["problems"] == []
    assert checked["events"] == checked["counted"] > 0
    assert optimized["table_after"]["files"] < optimized["table_before"]["files"]
    assert optimized["checkpoints"] == ["counts"]
    assert "application_1_0001" in optimized["staging"]
    assert "application_1_0002" in hdfs.list(staging)
    names = {app.name for app in yarn.applications(cluster.settings, alive=False)}
    assert {"playcount archive check", "playcount archive optimize"} <= names
    assert attempt(cluster) == streaming
    assert "every chart equals" in command(cluster, "batch", "verify", "--no-submit")


def test_a_batch_that_meets_another_one_ends_on_yarn_as_it_does_here(cluster: Stack) -> None:
    with exclusive(cluster.store, what="upkeep"):
        batch = cluster.command("batch", "run", "--json")
        assert cluster.finish(batch) == BUSY_EXIT

    assert "runs already" in cluster.output(batch, "err")
    assert cluster.output(batch) == ""


def test_an_erased_listener_is_gone_and_stays_gone_through_a_rebuild(
    cluster: Stack, feed: Feed
) -> None:
    gone, *others = feed.files
    files = [*others, ("bulk", "csv", cluster.settings.home / "bulk.csv")]

    command(cluster, "erase", gone[0], "--yes")
    assert_some_charts(cluster, Count(files))
    command(cluster, "batch", "run", "--submit")
    assert_some_charts(cluster, Count(files))

    command(cluster, "down")
    command(cluster, "up", "--only", "kafka,mongod,namenode,datanode")
    cluster.store.client.drop_database(cluster.settings.database)
    command(cluster, "rebuild", "--no-submit")
    command(cluster, "up")
    assert_some_charts(cluster, Count(files))

    feed.more()
    feed.settle()
    cluster.wait_until_settled()
    assert_some_charts(cluster, Count([*files, feed.files[-1]]))
