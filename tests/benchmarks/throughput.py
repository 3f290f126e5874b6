"""How many events a second come in: the import, and the speed layer on a backlog."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import islice, pairwise
from pathlib import Path
from statistics import median

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ingestion.simulator.messages import simulate_listens
from listens.aggregation.messages import accepted, decoded
from listens.settings import Settings
from listens.store import Document
from stack.layout import layout
from tests.benchmarks.figures import timed
from tests.benchmarks.installation import SONGS, Installation, Message

_COMMIT = re.compile(r"commit seq=\d+ events=(\d+) .* ms=(\d+)")
_ARCHIVED = re.compile(r"archived events=(\d+) ms=(\d+)")


def import_rate(target: Installation, file: Path) -> tuple[float, float, Document]:
    """Rows a second of the whole command, of its account alone, and the account."""
    with timed() as seconds:
        entry = target.import_history(file, "anna")
    within = (entry["sent_at"] - entry["started_at"]).total_seconds()
    return entry["read"] / seconds(), entry["read"] / within, entry


def plain_rate(target: Installation, *, rows: int, **options: object) -> float:
    """Messages a second of the plain Kafka client, encoded before the clock starts."""
    messages: list[Message] = list(simulate_listens(rows=rows, seed=1, songs=SONGS))
    with timed() as seconds:
        target.send(messages, **options)
    return rows / seconds()


def commit_rate(commits: list[Document]) -> float:
    """Events a second from the first commit's time to the last one's; 0 for a single commit."""
    if len(commits) == 1:
        return 0.0
    took = _seconds_between(commits[0]["at"], commits[-1]["at"])
    return sum(int(commit["events"]) for commit in islice(commits, 1, None)) / took


def median_seconds_between(commits: list[Document]) -> float:
    """From one commit to the next."""
    return median(
        _seconds_between(earlier["at"], later["at"]) for earlier, later in pairwise(commits)
    )


def logged(settings: Settings) -> dict[str, list[tuple[int, int]]]:
    """What the application's log says of its commits, and of the archive's: (events, ms)."""
    log = layout(settings).log("streaming").read_text(encoding="utf-8")
    return {
        name: [(int(events), int(ms)) for events, ms in pattern.findall(log)]
        for name, pattern in (("speed", _COMMIT), ("archive", _ARCHIVED))
    }


def decode_rate(spark: SparkSession, target: Installation) -> float:
    """Messages a second that Spark only decodes and counts, warm."""
    _count_listens(spark, target)
    with timed() as seconds:
        listens = _count_listens(spark, target)
    return listens / seconds()


def _count_listens(spark: SparkSession, target: Installation) -> int:
    return accepted(decoded(_messages(spark, target.settings))).count()


def _messages(spark: SparkSession, settings: Settings) -> DataFrame:
    topic = (
        spark.read.format("kafka")
        .option("kafka.bootstrap.servers", settings.bootstrap_servers)
        .option("subscribe", settings.topic)
        .option("startingOffsets", "earliest")
        .load()
    )
    return topic.select(
        "key", "value", "topic", "partition", "offset", F.col("timestamp").alias("received_at")
    )


def _seconds_between(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds()
