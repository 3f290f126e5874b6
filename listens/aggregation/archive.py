"""What the commits of the archive's table say of it, so that nobody has to scan it to know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from listens.offsets import Offsets, from_document, furthest, reaches, to_document

STATISTICS_OF = "partition,offset,ended_at,rejection"
"""Columns of which the table's log keeps the least and the greatest value of each file: not the
listener's, for a name would stay in the log when its rows have been erased."""

COMMITS_LOOKED_AT = 200
"""At first; the whole history where somebody else's commits have hidden ours."""


@dataclass(frozen=True)
class Coverage:
    """How far the table is complete: it holds each offset from `beginning` to `until`.

    Attributes:
        topic_id: the topic that the offsets are of.
        beginning: where the topic began when the table was made.
        until: the offsets before which it's complete.
        erasures: digest of a listener → offsets at or beyond `until` before which its messages
            are left out, so that they don't come in even when MongoDB has been lost.
    """

    topic_id: str
    beginning: Offsets
    until: Offsets
    erasures: Mapping[str, Offsets] = field(default_factory=dict)

    def as_metadata(self) -> str:
        """As a commit of ours carries it. Upkeep carries it on, so that the newest have it."""
        return json.dumps(
            {
                "topic_id": self.topic_id,
                "beginning": to_document(self.beginning),
                "until": to_document(self.until),
                "erasures": {digest: to_document(until) for digest, until in self.erasures.items()},
            }
        )


def coverage(spark: SparkSession, *, table: str) -> Coverage | None:
    """What the table's commits say; None where there's no table.

    The furthest of several: what upkeep carried on may be older than what was appended meanwhile.
    """
    told = _told(spark, table, limit=f"LIMIT {COMMITS_LOOKED_AT}") or _told(spark, table, limit="")
    if not told:
        return None
    newest = told[0]
    until = furthest(each.until for each in told if each.topic_id == newest.topic_id)
    erasures: dict[str, Offsets] = {}
    for each in told:
        for digest, forgotten in each.erasures.items():
            if not reaches(until, forgotten):
                erasures[digest] = furthest([forgotten, erasures.get(digest, {})])
    return replace(newest, until=until, erasures=erasures)


def upkeep_session(
    spark: SparkSession, *, table: str, erasures: Mapping[str, Offsets] | None = None
) -> SparkSession:
    """A session whose commits carry the table's coverage on, and more erasures."""
    session = spark.newSession()
    if found := coverage(spark, table=table):
        found = replace(found, erasures={**found.erasures, **(erasures or {})})
        session.conf.set("spark.databricks.delta.commitInfo.userMetadata", found.as_metadata())
    return session


def unchecked(spark: SparkSession) -> SparkSession:
    """A session that reads files of a Delta table as files."""
    session = spark.newSession()
    session.conf.set("spark.databricks.delta.formatCheck.enabled", "false")
    return session


def names_in_log(spark: SparkSession, *, table: str, listener: str) -> int:
    """Entries of the table's log that name a listener as a file's least or greatest.

    Tables of today keep no such statistics; those made by earlier versions do.
    """
    # A statistic is JSON within a text of JSON.
    statistic = json.dumps(f'"listener_id":{json.dumps(listener, ensure_ascii=False)}',
                           ensure_ascii=False)[1:-1]  # fmt: skip
    # A folder and a filter: of a pattern in the path, Spark logs that there's no such file.
    log = unchecked(spark).read.option("pathGlobFilter", "*.json")
    entries = log.text(f"{table}/_delta_log")
    return entries.where(F.contains("value", F.lit(statistic))).count()


def _told(spark: SparkSession, table: str, *, limit: str) -> list[Coverage]:
    """What each commit says, the newest first."""
    try:
        history = spark.sql(f"DESCRIBE HISTORY delta.`{table}` {limit}").collect()
    except AnalysisException:
        return []
    ordered = sorted(history, key=lambda commit: int(commit["version"]), reverse=True)
    said = (_parsed(commit["userMetadata"]) for commit in ordered)
    return [each for each in said if each]


def _parsed(metadata: str | None) -> Coverage | None:
    try:
        document: Any = json.loads(metadata or "")
    except ValueError:  # a commit by other hands, with a text of its own
        return None
    if not isinstance(document, dict) or "until" not in document:
        return None
    return Coverage(
        str(document["topic_id"]),
        from_document(document.get("beginning", {})),
        from_document(document["until"]),
        {digest: from_document(until) for digest, until in document.get("erasures", {}).items()},
    )
