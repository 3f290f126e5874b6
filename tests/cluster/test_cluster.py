"""The pipeline on a real HDFS and YARN: exact at every moment, also when parts are killed."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest

from listens.cluster import yarn
from listens.cluster.submit import running
from streaming.submitted import NAME
from tests.cluster.yarn_processes import MASTER, all_containers, containers
from tests.crashes.feed import Feed
from tests.crashes.harness import Stack, eventually, say, simulate
from tests.crashes.judging import assert_some_charts, judge
from tests.pipeline.independent import Count

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def command(cluster: Stack, *arguments: str) -> str:
    """Run a command to its end; what it printed."""
    process = cluster.command(*arguments)
    code = cluster.finish(process)
    assert code == 0, cluster.output(process, "err")[-3000:]
    return cluster.output(process)


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


def test_upkeep_reads_hdfs(cluster: Stack) -> None:
    checked = json.loads(command(cluster, "archive", "check", "--json"))
    optimized = json.loads(command(cluster, "archive", "optimize", "--json"))

    assert checked["problems"] == []
    assert checked["events"] == checked["counted"] > 0
    assert optimized["table_after"]["files"] < optimized["table_before"]["files"]
    assert "every chart equals" in command(cluster, "batch", "verify")


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
    command(cluster, "rebuild")
    command(cluster, "up")
    assert_some_charts(cluster, Count(files))

    feed.more()
    feed.settle()
    cluster.wait_until_settled()
    assert_some_charts(cluster, Count([*files, feed.files[-1]]))
