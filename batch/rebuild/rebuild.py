"""All of MongoDB from the archive: one commit and one version that count what it covers.

Streaming then goes on from Kafka where the archive ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from batch import versions
from batch.archive.files import required_coverage
from batch.executors import counted_months
from batch.folders import delete_folder
from batch.lease import kept_alive
from batch.manifest import changed_windows, manifest, windows_of
from batch.raw_events import counted_listens
from batch.rebuild.accounts import totals, write_accounts
from batch.rebuild.contents import SEQ, write_names, write_recent, write_rejected, write_seen
from batch.rebuild.loads import load_documents
from batch.rebuild.publishing import publish
from batch.rebuild.room import make_room
from batch.writing import write_windows
from listens import bulk_loads
from listens.aggregation.archive import Coverage
from listens.aggregation.messages import offset_of_partition
from listens.offsets import to_document
from listens.settings import SPEED_QUERY, Settings
from listens.store import Document, Store, ensure_indexes

STEPS = ("check", "count", "seen", "names", "recent", "rejected", "imports", "charts", "publish")

AUDIT = "made again from the archive: there was nothing to compare with"

Tell = Callable[[str], None]


def rebuild(
    spark: SparkSession,
    store: Store,
    *,
    settings: Settings,
    force: bool,
    tell: Tell = lambda _step: None,
) -> Document:
    """Make MongoDB's contents again; the version that's published.

    Args:
        spark: the session.
        store: the database, without anything in it unless `force` is given.
        settings: where the archive is, and the reporting zone.
        force: drop what is there, but for imports, erasures, and who may do what.
        tell: called with the name of each step as it begins.

    Raises:
        UserMistakeError: there's no archive, the database isn't empty, or streaming runs.
        PlaycountError: an erasure in the database is unfinished.
    """
    tell("check")
    told = required_coverage(spark, table=settings.archive_table)
    make_room(store, force=force)
    ensure_indexes(store)
    number = versions.reserve(store)
    try:
        with kept_alive(store, number):
            return _rebuild(spark, store, number, told=told, settings=settings, tell=tell)
    except BaseException as error:
        versions.abandon(store, number, why=type(error).__name__)
        raise


def _rebuild(
    spark: SparkSession, store: Store, number: int, *,
    told: Coverage, settings: Settings, tell: Tell,
) -> Document:  # fmt: skip
    began = time.monotonic()
    events = _events(spark, told, settings=settings)
    tell("count")
    counted = totals(events)
    tell("seen")
    write_seen(events, settings=settings)
    tell("names")
    write_names(events, settings=settings)
    tell("recent")
    write_recent(events, store=store, settings=settings)
    tell("rejected")
    write_rejected(events, settings=settings)
    tell("imports")
    write_accounts(store, events, counted)
    tell("charts")
    loads = load_documents(events)
    windows = _write_windows(spark, number, told=told, loads=loads, settings=settings, tell=tell)
    tell("publish")
    # Streaming goes on where MongoDB ends, and a checkpoint may be ahead of that.
    delete_folder(spark, f"{settings.checkpoints}/{SPEED_QUERY}")
    made = manifest(
        cut_seq=SEQ,
        cut=to_document(told.until),
        loads=(load["_id"] for load in loads),
        events=counted.events,
        audit=AUDIT,
        windows=windows,
        settings=settings,
        seconds=time.monotonic() - began,
    )
    publish(store, number, made, told=told, counted=counted, loads=loads)
    return versions.current(store)


def _events(spark: SparkSession, told: Coverage, *, settings: Settings) -> DataFrame:
    """Every message that the archive covers, each once."""
    rows = spark.read.format("delta").load(settings.archive_table)
    is_loaded = F.col("partition") < 0
    covered = rows.where((F.col("offset") < offset_of_partition(told.until)) | is_loaded)
    return covered.dropDuplicates(["partition", "offset"])


def _write_windows(
    spark: SparkSession, number: int, *, told: Coverage, loads: list[Document],
    settings: Settings, tell: Tell,
) -> dict[str, Any]:  # fmt: skip
    cut, loaded = to_document(told.until), bulk_loads.events_of(loads)
    listens = counted_listens(spark, settings=settings, cut=cut, loads=loaded).persist()
    try:
        counted = counted_months(listens)
        changed = changed_windows(counted.checksums, base=versions.NOTHING, settings=settings)
        written = write_windows(
            listens, windows=changed, events=counted.listens, stored={}, are_all=True,
            generation=number, settings=settings,
            tell=lambda how_far: tell(f"charts: {how_far}"),
        )  # fmt: skip
    finally:
        listens.unpersist()
    return windows_of(counted.checksums, written, number=number, base=versions.NOTHING)
