"""The speed layer on YARN beside the same in local mode, and what the archive takes up on HDFS."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from itertools import islice

import pytest

from ingestion.simulator.messages import simulate_listens
from listens.brokers import ensure_topic
from listens.settings import HADOOP_PORTS, Settings
from stack import lifecycle
from stack.bringing_up import bring_up
from stack.environment import ensure, this_environment
from stack.processes import choose
from tests.benchmarks.figures import Figures
from tests.benchmarks.installation import Installation
from tests.benchmarks.throughput import commit_rate
from tests.cluster.conftest import free_range

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600)]

EVENTS = int(os.environ.get("BENCH_YARN_EVENTS", "200000"))
ARCHIVE_COMMITS = 4


@pytest.fixture(scope="module")
def on_yarn(new_settings: Callable[[], Settings]) -> Iterator[Installation]:
    environment = this_environment()
    ensure(type(environment)(environment.checkout, environment.jars, cluster=True))
    update = {"profile": "cluster", "hadoop_ports_from": free_range(len(HADOOP_PORTS))}
    settings = new_settings().model_copy(update=update)
    try:
        bring_up(settings, choose(settings, ""))
        yield Installation(settings)
    finally:
        lifecycle.down(settings)


def test_speed_layer_on_yarn(on_yarn: Installation) -> None:
    figures = Figures(on_yarn.settings.home / "figures.jsonl")
    messages = simulate_listens(rows=2 * EVENTS, seed=5, listeners=50, songs=20_000)
    # In parts, so that the archive has files to compact.
    for _ in range(ARCHIVE_COMMITS):
        on_yarn.send(islice(messages, EVENTS // ARCHIVE_COMMITS), compression_type="zstd")
        on_yarn.wait_until_counted()
    done = len(on_yarn.commits())
    backlog = [*islice(messages, EVENTS)]
    on_yarn.send(backlog, compression_type="zstd", linger_ms=50)
    on_yarn.wait_until_counted()
    yarn = commit_rate(on_yarn.commits()[done:])

    local = beside_in_local_mode(on_yarn)
    ensure_topic(local.settings)
    local.send(backlog, compression_type="zstd", linger_ms=50)
    local.command("stream", "--until-drained")
    rate = commit_rate(local.commits())

    figures.record("speed layer on a backlog, local mode", rate, "events/s")
    figures.record("speed layer on a backlog, on YARN", yarn, "events/s", ratio=yarn / rate,
                   of="local mode")  # fmt: skip
    upkeep = json.loads(on_yarn.command("archive", "optimize", "--json").stdout)
    for when in ("before", "after"):
        size = upkeep[f"table_{when}"]
        figures.record(f"archive on HDFS, {when} compaction", size["bytes"] / (2 * EVENTS),
                       "bytes/event")  # fmt: skip
        figures.record(f"archive on HDFS, {when} compaction: files", size["files"], "files")


def beside_in_local_mode(target: Installation) -> Installation:
    """On the same Kafka and MongoDB, with files of its own."""
    data = target.settings.home / "data"
    update = {
        "profile": "local", "spark_master": "local[2]", "hdfs_uri": "", "database": "bench_local",
        "topic": "bench_local", "archive_uri": (data / "archive").as_uri(),
        "checkpoint_uri": (data / "checkpoints").as_uri(),
    }  # fmt: skip
    return Installation(target.settings.model_copy(update=update))
