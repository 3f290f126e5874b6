"""One batch: cut, wait, recompute, audit, write, publish, collect."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from batch import audit, garbage, versions
from batch.executors import ROWS_AT_ONCE, month_checksums, write_charts
from listens import store as collections
from listens.aggregation.cells import COUNTED_SCHEMA, slice_column
from listens.aggregation.checksums import NO_CELLS, Checksum, added
from listens.aggregation.counted import RULED_COLUMNS, with_counted
from listens.aggregation.messages import accepted, once_each
from listens.errors import PlaycountError
from listens.rules import RULES_VERSION
from listens.settings import Settings
from listens.store import Document, Store, ensure_indexes

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 10

STEPS = ("cut", "wait", "recompute", "audit", "write", "publish", "collect")

SHUFFLE_PARTITIONS = 64
"""In so many parts, 50 million events fit the memory of tasks; Spark joins parts that are small."""

Tell = Callable[[str], None]
"""Called with the name of each step as it begins."""


class ArchiveBehindError(PlaycountError):
    """The archive didn't reach the cut in time."""


def run(spark: SparkSession, store: Store, *, settings: Settings, tell: Tell) -> Document:
    """Recount everything and publish it; the new version's document.

    Raises:
        BatchBusyError: another batch is at work.
        ArchiveBehindError: the archive doesn't cover the cut.
        AuditFailedError: the recount differs from the running count; nothing is published.
    """
    ensure_indexes(store)
    number = versions.reserve(store)
    try:
        with _lease(store, number):
            return _run(spark, store, number, settings=settings, tell=tell)
    except BaseException as error:
        versions.abandon(store, number, why=_in_short(error))
        raise


def _run(
    spark: SparkSession, store: Store, number: int, *, settings: Settings, tell: Tell
) -> Document:
    started = time.monotonic()
    tell("cut")
    cut_seq, cut = take_cut(store)
    tell("wait")
    wait_for_archive(store, cut, seconds=settings.batch_wait_seconds)
    tell("recompute")
    base = versions.current(store)
    listens = counted_listens(spark, settings=settings, cut=cut).persist()
    try:
        found = month_checksums(listens)
        tell("audit")
        audited = _audit(listens, found, store=store, base=base, cut_seq=cut_seq, settings=settings)
        tell("write")
        windows = _write(listens, found, number=number, base=base, settings=settings)
    finally:
        listens.unpersist()
    tell("publish")
    manifest = {
        "cut_seq": cut_seq,
        "cut": cut,
        "events": _events(store, cut_seq=cut_seq, base=base),
        "rules_version": RULES_VERSION,
        "time_zone": settings.time_zone,
        "audit": audited,
        "windows": windows,
        "seconds": round(time.monotonic() - started, 1),
    }
    versions.publish(store, number, manifest, over=base["_id"])
    tell("collect")
    current = versions.current(store)
    removed = garbage.collect(store, current=current, previous=versions.previous(store))
    log.info("version=%d published, removed %s", number, removed)
    return current


def take_cut(store: Store) -> tuple[int, dict[str, int]]:
    """The last commit's number and offsets: the version counts what is before them.

    Raises:
        PlaycountError: nothing has been counted yet.
    """
    last = store[collections.SPEED_COMMITS].find_one(sort=[("_id", -1)])
    if not last:
        raise PlaycountError(
            "nothing has been counted yet, so there's nothing to recount; "
            "start the streaming application with ./playcount up, and import a history"
        )
    return last["_id"], last["until"]


def wait_for_archive(store: Store, cut: dict[str, int], *, seconds: float) -> None:
    """Wait until the archive holds everything before the cut.

    Raises:
        ArchiveBehindError: it didn't within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        told = store[collections.ARCHIVE_COVERAGE].find_one({"_id": "archive"})
        covered = told["until"] if told else {}
        behind = sum(max(0, offset - covered.get(at, 0)) for at, offset in cut.items())
        if not behind:
            return
        if time.monotonic() > deadline:
            raise ArchiveBehindError(
                f"the archive lacks {behind:,} events of the cut after {seconds:g} s; is the "
                "streaming application running (./playcount status)? Else set "
                "PLAYCOUNT_BATCH_WAIT_SECONDS higher"
            )
        time.sleep(0.2)


def counted_listens(spark: SparkSession, *, settings: Settings, cut: dict[str, int]) -> DataFrame:
    """What every raw event before the cut counts (COUNTED_SCHEMA), each event once.

    A listener's year is in one part: most charts of one listener are then made by one task.
    """
    events = sum(cut.values())
    if not events:
        # Nothing has come yet, so the archive may not be a table yet either.
        return spark.createDataFrame(COUNTED_SCHEMA.empty_table())
    raw = spark.read.format("delta").load(settings.archive_table)
    before = accepted(raw).where(F.col("offset") < _cut_of_partition(cut))
    once = once_each(before.select("event_id", "partition", "offset", *RULED_COLUMNS))
    parts = max(spark.sparkContext.defaultParallelism, -(-events // ROWS_AT_ONCE))
    return (
        with_counted(once, time_zone=settings.time_zone)
        .select(COUNTED_SCHEMA.names)
        .repartition(parts, slice_column("listener"), F.year(F.date_from_unix_date("day")))
    )


def _cut_of_partition(cut: dict[str, int]) -> Column:
    return reduce(
        lambda otherwise, item: F.when(F.col("partition") == int(item[0]), item[1]).otherwise(
            otherwise
        ),
        cut.items(),
        F.lit(0),
    )


def _audit(
    listens: DataFrame, found: dict[str, Checksum], *,
    store: Store, base: Document, cut_seq: int, settings: Settings,
) -> str:  # fmt: skip
    if not _same_rules(base, settings):
        return f"not comparable: version {base['_id']} counts by other rules"
    wanted = audit.expected(store, base=base, cut_seq=cut_seq)
    audit.check(listens, found=found, wanted=wanted, store=store, base=base, cut_seq=cut_seq)
    return f"equals version {base['_id']} plus {cut_seq - base['cut_seq']} commits"


def _same_rules(base: Document, settings: Settings) -> bool:
    rules = (base.get("rules_version"), base.get("time_zone"))
    return base["_id"] == 0 or rules == (RULES_VERSION, settings.time_zone)


def _write(
    listens: DataFrame, found: dict[str, Checksum], *, number: int, base: Document,
    settings: Settings,
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Write the windows whose checksum changed; the manifest of all windows."""
    checksums = with_years(found)
    kept = base["windows"] if _same_rules(base, settings) else {}
    windows = {
        window: kept[window]
        for window, checksum in checksums.items()
        if kept.get(window, {}).get("checksum") == audit.text(checksum)
    }
    changed = sorted(checksums.keys() - windows.keys())
    if changed:
        written = write_charts(listens, windows=changed, generation=number, settings=settings)
        for window in changed:
            windows[window] = {
                "generation": number,
                "cells": written[window],
                "checksum": audit.text(checksums[window]),
            }
    return windows


def with_years(months: dict[str, Checksum]) -> dict[str, Checksum]:
    """Add each year's checksum, and that of `all`: the sums of their months."""
    checksums = dict(months)
    for month, checksum in months.items():
        for window in (month[:4], "all"):
            checksums[window] = added(checksums.get(window, NO_CELLS), checksum)
    return checksums


def _events(store: Store, *, cut_seq: int, base: Document) -> int:
    span = {"_id": {"$gt": base["cut_seq"], "$lte": cut_seq}}
    counted = store[collections.SPEED_COMMITS].aggregate(
        [{"$match": span}, {"$group": {"_id": None, "events": {"$sum": "$events"}}}]
    )
    return int(base["events"]) + sum(int(total["events"]) for total in counted)


def _in_short(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:500]}" if lines else type(error).__name__


@contextmanager
def _lease(store: Store, number: int) -> Iterator[None]:
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(KEEP_ALIVE_SECONDS):
            versions.keep_alive(store, number)

    renewing = threading.Thread(target=renew, name="lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
