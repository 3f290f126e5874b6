"""An hour of continuous load on YARN: memory and checkpoints stay bounded, and nothing is lost.

ENDURANCE_MINUTES and ENDURANCE_RATE (events/s) make it shorter, longer or harder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from itertools import islice
from urllib.parse import urlparse

import psutil
import pytest

from ingestion.kafka_sink import open_sink
from ingestion.simulator.messages import simulate_listens
from listens.cluster import hdfs
from listens.cluster.submit import running
from listens.codec import decode
from streaming.submitted import NAME
from tests.cluster.yarn_processes import EXECUTOR, MASTER, containers
from tests.crashes.harness import Stack, eventually, say

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3 * 3600)]

MINUTES = int(os.environ.get("ENDURANCE_MINUTES", "60"))
RATE = int(os.environ.get("ENDURANCE_RATE", "300"))

Message = tuple[str, bytes]


@dataclass(frozen=True)
class Sample:
    """What streaming holds at a moment: MiB of memory, bytes and files of its checkpoints."""

    driver: float
    executor: float
    checkpoint_bytes: int
    checkpoint_files: int
    backlog: int


def test_an_hour_of_load_leaves_memory_and_checkpoints_bounded(cluster: Stack) -> None:
    events = MINUTES * 60 * RATE
    messages = simulate_listens(rows=events, seed=11, listeners=200, songs=20_000)
    before = cluster.get("/api/summary")["streams"]
    streams, samples = 0, []
    for minute in range(1, MINUTES + 1):
        streams += sum(send_for_a_minute(cluster, messages))
        samples.append(sample(cluster))
        say(f"minute {minute}: {samples[-1]}")
    eventually(lambda: not cluster.backlog(), "everything counted", seconds=600)

    assert cluster.get("/api/summary")["streams"] - before == streams
    second, last = samples[MINUTES // 4 : MINUTES // 2], samples[-MINUTES // 4 :]
    for name, then, now in zip(Sample.__annotations__, means(second), means(last), strict=True):
        say(f"{name}: {then:,.0f} in the second quarter, {now:,.0f} in the last")
        assert name == "backlog" or now <= 1.25 * then, f"{name} grows"
    assert max(each.backlog for each in samples) < 60 * RATE


def send_for_a_minute(cluster: Stack, messages: Iterator[Message]) -> Iterator[bool]:
    """Send at RATE; of each message whether it's a stream."""
    began = time.monotonic()
    with open_sink(cluster.settings) as sink:
        for second in range(60):
            for listener, message in islice(messages, RATE):
                sink.send(listener, message)
                yield decode(message)["ms_played"] > 0
            time.sleep(max(0.0, began + second + 1 - time.monotonic()))
        sink.flush()


def sample(cluster: Stack) -> Sample:
    app = running(NAME, cluster.settings)
    assert app is not None
    driver, executor = (
        sum(resident_mib(process) for process in containers(cluster.settings, main, app_id=app.id))
        for main in (MASTER, EXECUTOR)
    )
    kept = hdfs.client(cluster.settings).content(urlparse(cluster.settings.checkpoints).path)
    return Sample(driver, executor, kept["length"], kept["fileCount"], cluster.backlog())


def resident_mib(process: psutil.Process) -> float:
    """With the Python processes below."""
    family = [process, *process.children(recursive=True)]
    return sum(each.memory_info().rss for each in family) / 2**20


def means(samples: list[Sample]) -> list[float]:
    """Of each member."""
    return [sum(column) / len(samples) for column in zip(*map(astuple, samples), strict=True)]
