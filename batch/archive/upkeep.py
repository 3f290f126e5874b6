"""Small files become large ones; files and folders that nobody needs any more go.

Safe while events are appended and while a batch reads: compaction only replaces files of the
table's version by others with the same rows. What is deleted are files that haven't been in any
version for the retention: so it must be longer than the longest batch reads, and than a commit of
the archive takes from its first file to its end.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession

from batch.archive.files import Size, disk_size, required_coverage, table_size
from batch.archive.leftovers import remove_checkpoints, remove_staging
from batch.lease import exclusive
from listens import store as collections
from listens.aggregation.archive import upkeep_session
from listens.errors import UserMistakeError
from listens.settings import Settings
from listens.store import Store

log = logging.getLogger(__name__)

STEPS = ("measure", "compact", "vacuum", "measure again", "leftovers")

SAFE_RETENTION_HOURS = 1.0
"""Shorter ones only while nothing streams: no commit of the archive takes an hour."""

ALIVE_WITHIN = timedelta(seconds=30)
"""A heartbeat of the streaming application comes every two seconds."""

LARGE_FILE_BYTES = 256 << 20
"""Files from this size stay as they are; HDFS wants blocks filled, tasks want some hundred MB."""


LISTING_TASKS = 16


_RETENTION = "delta.deletedFileRetentionDuration"


@dataclass(frozen=True)
class Upkeep:
    """What upkeep did: the table's version and the disk, before and after.

    On the disk are also files that are in no version, or only in older ones. `checkpoints` and
    `staging` are the names of the folders that were removed as leftovers.
    """

    table_before: Size
    table_after: Size
    disk_before: Size
    disk_after: Size
    retention_hours: float
    seconds: float
    checkpoints: list[str]
    staging: list[str]


def optimize(
    spark: SparkSession,
    store: Store,
    *,
    settings: Settings,
    tell: Callable[[str], None] = lambda _step: None,
    retention_hours: float | None = None,
) -> Upkeep:
    """Compact the archive's small files, and delete what hasn't been in it for the retention.

    Args:
        spark: the session.
        store: holds the lease, so that no batch, erasure or other upkeep runs at the same time.
        settings: where the archive is, and the retention that is taken where none is given.
        tell: called with the name of each step as it begins.
        retention_hours: how long files stay after they left the table.

    Raises:
        BatchBusyError: a batch or an erasure runs.
        UserMistakeError: there's no archive yet, or the retention is too short while events are
            being archived.
    """
    hours = settings.archive_retention_hours if retention_hours is None else retention_hours
    table = settings.archive_table
    began = time.monotonic()
    with exclusive(store, what="archive optimize"):
        _check_retention(store, hours=hours)
        required_coverage(spark, table=table)
        tell("measure")
        before = table_size(spark, table=table), disk_size(spark, table=table)
        tell("compact")
        _compact(spark, table=table)
        tell("vacuum")
        _vacuum(spark, table=table, hours=hours)
        tell("measure again")
        after = table_size(spark, table=table), disk_size(spark, table=table)
        tell("leftovers")
        checkpoints = remove_checkpoints(spark, settings=settings, is_streaming=is_streaming(store))
        staging = remove_staging(spark, settings=settings)
    seconds = round(time.monotonic() - began, 1)
    log.info("upkeep files=%d to %d seconds=%.1f", before[0].files, after[0].files, seconds)
    return Upkeep(before[0], after[0], before[1], after[1], hours, seconds, checkpoints, staging)


def is_streaming(store: Store) -> bool:
    """Whether the streaming application has given a sign of life just now."""
    beat = store[collections.HEARTBEATS].find_one({"_id": "streaming"})
    return bool(beat and datetime.now(UTC) - beat["at"] < ALIVE_WITHIN)


def _compact(spark: SparkSession, *, table: str) -> None:
    session = upkeep_session(spark, table=table)
    for name in ("minFileSize", "maxFileSize"):
        session.conf.set(f"spark.databricks.delta.optimize.{name}", LARGE_FILE_BYTES)
    session.sql(f"OPTIMIZE delta.`{table}`")


def _vacuum(spark: SparkSession, *, table: str, hours: float) -> None:
    session = upkeep_session(spark, table=table)
    # Its listing of folders makes so many tasks, 10,000 by default, however few folders there are.
    session.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", LISTING_TASKS)
    # Delta's own floor is a week; ours is checked above.
    session.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    if not hours:
        session.sql(f"VACUUM delta.`{table}` RETAIN 0 HOURS")
        return
    # VACUUM takes another number than 0 from the table alone.
    wanted = f"interval {round(hours * 3600)} seconds"
    properties = session.sql(f"SHOW TBLPROPERTIES delta.`{table}`").collect()
    if {row["key"]: row["value"] for row in properties}.get(_RETENTION) != wanted:
        session.sql(f"ALTER TABLE delta.`{table}` SET TBLPROPERTIES ('{_RETENTION}' = '{wanted}')")
    session.sql(f"VACUUM delta.`{table}`")


def _check_retention(store: Store, *, hours: float) -> None:
    if hours < SAFE_RETENTION_HOURS and is_streaming(store):
        raise UserMistakeError(
            f"a retention of {hours:g} hours could delete files that streaming is just writing; "
            f"give {SAFE_RETENTION_HOURS:g} or more, or stop streaming first"
        )
