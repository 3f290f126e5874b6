"""What dead streaming applications and dead jobs leave behind, removed once it's old.

A checkpoint that's gone costs nothing: MongoDB and the archive know where each query ended. Kept
for ever, one that's taken up again after Kafka has dropped its offsets would stop the query.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from batch.folders import Entry, delete_folder, entries, home_folder
from listens.cluster import yarn
from listens.errors import ServiceDownError
from listens.settings import ARCHIVE_QUERY, SPEED_QUERY, Settings

log = logging.getLogger(__name__)

QUERIES = (SPEED_QUERY, ARCHIVE_QUERY)

SETTINGS_FILE = "playcount.settings"
"""In the staging folder of our applications, and of nobody else's."""


def remove_checkpoints(spark: SparkSession, *, settings: Settings, is_streaming: bool) -> list[str]:
    """Delete old checkpoints of this topic's queries; their names.

    Those of the present queries stay while the application runs, however old: when nothing comes
    in, nothing is written there. What isn't a checkpoint, or is one of another topic, stays.
    """
    in_use = QUERIES if is_streaming else ()
    before = _before(settings)
    old = [
        folder
        for folder in entries(spark, settings.checkpoints)
        if folder.is_folder
        and folder.name not in in_use
        and _changed_at(spark, folder) < before
        and _is_ours(spark, folder, settings=settings)
    ]
    return _removed(spark, old, what="checkpoint")


def remove_staging(spark: SparkSession, *, settings: Settings) -> list[str]:
    """Delete what old applications of ours have left in their user's `.sparkStaging`; their ids.

    Spark does it when an application ends, unless it's killed: and settings hold passwords. YARN
    removes old logs itself (`yarn.log-aggregation.retain-seconds`).
    """
    if not settings.is_cluster:
        return []
    try:
        alive = {app.id for app in yarn.applications(settings)}
    except ServiceDownError as error:
        log.warning("the staging folders are left as they are: %s", error)
        return []
    before = _before(settings)
    staging = f"{home_folder(spark, settings.hdfs)}/.sparkStaging"
    dead = [
        folder
        for folder in entries(spark, staging)
        if folder.name not in alive
        and folder.changed_at < before
        and any(entry.name == SETTINGS_FILE for entry in entries(spark, folder.uri))
    ]
    return _removed(spark, dead, what="staging")


def _removed(spark: SparkSession, folders: list[Entry], *, what: str) -> list[str]:
    for folder in folders:
        delete_folder(spark, folder.uri)
        log.info("removed %s=%s", what, folder.name)
    return [folder.name for folder in folders]


def _before(settings: Settings) -> datetime:
    return datetime.now(UTC) - timedelta(hours=settings.checkpoint_retention_hours)


def _changed_at(spark: SparkSession, checkpoint: Entry) -> datetime:
    """When the last micro-batch began or ended there."""
    logs = ("offsets", "commits")
    found = [entry for log_ in logs for entry in entries(spark, f"{checkpoint.uri}/{log_}")]
    return max(entry.changed_at for entry in (checkpoint, *found))


def _is_ours(spark: SparkSession, checkpoint: Entry, *, settings: Settings) -> bool:
    """Whether it's a checkpoint, of a query that reads this topic."""
    names = {entry.name for entry in entries(spark, checkpoint.uri)}
    if not names >= {"metadata", "offsets"}:
        return False
    batches = [
        int(entry.name)
        for entry in entries(spark, f"{checkpoint.uri}/offsets")
        if entry.name.isdecimal()
    ]
    if not batches:
        return checkpoint.name in QUERIES
    try:
        newest = spark.read.text(f"{checkpoint.uri}/offsets/{max(batches)}").collect()
    except Py4JJavaError as error:
        # Whose it is can't be told, and upkeep isn't to fail of it every night.
        log.warning("checkpoint=%s can't be read, and is left: %s", checkpoint.name, error)
        return False
    return any(f'"{settings.topic}":' in row["value"] for row in newest)
