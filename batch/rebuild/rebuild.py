"""All of MongoDB from the archive: one commit and one version that count what it covers.

Streaming then goes on from Kafka where the archive ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.client_session import ClientSession
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from batch import versions
from batch.archive.files import required_coverage
from batch.archive.upkeep import is_streaming
from batch.executors import month_checksums, write_charts
from batch.lease import kept_alive
from batch.manifest import changed_windows, windows_of
from batch.raw_events import counted_listens
from batch.rebuild.accounts import Totals, totals, write_accounts
from batch.rebuild.checkpoints import forget_checkpoint
from batch.rebuild.contents import SEQ, write_names, write_recent, write_rejected, write_seen
from listens import commits, erasures
from listens import store as collections
from listens.aggregation.archive import Coverage
from listens.aggregation.messages import offset_of_partition
from listens.commits import Head, commit_document
from listens.errors import PlaycountError, UserMistakeError
from listens.offsets import to_document
from listens.rules import RULES_VERSION
from listens.settings import Settings
from listens.store import CURRENT, Document, Store, ensure_indexes

STEPS = ("check", "count", "seen", "names", "recent", "rejected", "imports", "charts", "publish")

AUDIT = "made again from the archive: there was nothing to compare with"

KEPT = (collections.IMPORTS, collections.ERASURES)
"""What can't be made from the archive stays where it's there."""

HEARTBEAT_WITHIN = timedelta(seconds=3)

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
        force: drop what is there, but for the ledger of imports and the erasures.
        tell: called with the name of each step as it begins.

    Raises:
        UserMistakeError: there's no archive, the database isn't empty, or streaming runs.
        PlaycountError: an erasure in the database is unfinished.
    """
    tell("check")
    told = required_coverage(spark, table=settings.archive_table)
    _make_room(store, force=force)
    ensure_indexes(store)
    number = versions.reserve(store)
    try:
        with kept_alive(store, number):
            return _rebuild(spark, store, number, told=told, settings=settings, tell=tell)
    except BaseException as error:
        versions.abandon(store, number, why=type(error).__name__)
        raise


def _make_room(store: Store, *, force: bool) -> None:
    # Into a database that was dropped, a running application writes a heartbeat soon.
    time.sleep(HEARTBEAT_WITHIN.total_seconds())
    if is_streaming(store):
        raise UserMistakeError(
            "streaming runs, and would count into a half-made database; stop it first: "
            "./playcount down, then ./playcount up --only kafka,mongod"
        )
    if any(not each.is_done for each in erasures.known(store)):
        raise PlaycountError(
            "an erasure is unfinished; end it by ./playcount erase with the same name, or, if the "
            "commits are lost, drop the database, rebuild, and erase again"
        )
    held = [
        name
        for name in store.list_collection_names()
        if name != collections.HEARTBEATS and store[name].find_one({}, {"_id": 1})
    ]
    if held and not force:
        raise UserMistakeError(
            f"the database {store.name} isn't empty ({', '.join(sorted(held))}); --force drops all "
            f"of it but {' and '.join(KEPT)}"
        )
    for name in held:
        if name not in KEPT:
            store[name].drop()


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
    write_recent(events, store=store)
    tell("rejected")
    write_rejected(events, settings=settings)
    tell("imports")
    write_accounts(store, events, counted)
    tell("charts")
    windows = _write_windows(spark, number, told=told, settings=settings)
    tell("publish")
    forget_checkpoint(spark, settings, name="speed")
    manifest = {
        "cut_seq": SEQ,
        "cut": to_document(told.until),
        "events": counted.events,
        "rules_version": RULES_VERSION,
        "time_zone": settings.time_zone,
        "audit": AUDIT,
        "windows": windows,
        "cells": sum(window["cells"] for window in windows.values()),
        "seconds": round(time.monotonic() - began, 1),
    }
    _publish(store, number, manifest, told=told, counted=counted)
    return versions.current(store)


def _events(spark: SparkSession, told: Coverage, *, settings: Settings) -> DataFrame:
    """Every message that the archive covers, each once."""
    rows = spark.read.format("delta").load(settings.archive_table)
    covered = rows.where(F.col("offset") < offset_of_partition(told.until))
    return covered.dropDuplicates(["partition", "offset"])


def _write_windows(
    spark: SparkSession, number: int, *, told: Coverage, settings: Settings
) -> dict[str, Any]:
    cut = to_document(told.until)
    listens = counted_listens(spark, settings=settings, cut=cut).persist()
    try:
        found = month_checksums(listens)
        changed = changed_windows(found, base=versions.NOTHING, settings=settings)
        written = write_charts(listens, windows=changed, generation=number, settings=settings)
    finally:
        listens.unpersist()
    return windows_of(found, written, number=number, base=versions.NOTHING)


def _publish(
    store: Store, number: int, manifest: Document, *, told: Coverage, counted: Totals
) -> None:
    """All that makes the rest visible, in one transaction."""
    now = datetime.now(UTC)
    before = Head(SEQ - 2, {}, told.topic_id)
    origin = commit_document(before, told.beginning)
    first = Head(SEQ - 1, told.beginning, told.topic_id)
    whole = commit_document(first, told.until) | {
        "events": counted.events,
        "duplicates": counted.duplicates,
        "rejected": counted.rejected,
        "erased": counted.erased,
        "imports": counted.imports,
        "rebuilt": True,
    }
    until = to_document(told.until)
    documents = {
        collections.SPEED_COMMITS: [origin, whole],
        collections.BATCH_POINTER: [
            {"_id": CURRENT, "version": number, "previous": None, "at": now}
        ],
        collections.ARCHIVE_COVERAGE: [
            {"_id": "archive", "until": until, "topic_id": told.topic_id, "at": now}
        ],
        collections.ERASURES: _carried(store, told, at=now),
    }

    def ready(session: ClientSession) -> None:
        fields = {"$set": manifest | {"state": "ready", "at": now}}
        running = {"_id": number, "state": "running"}
        moved = store[collections.BATCH_VERSIONS].update_one(running, fields, session=session)
        if not moved.matched_count:
            raise versions.BatchBusyError("the rebuild was taken for dead; run it again")
        # Accounts that were kept, and not settled, are settled by the one commit.
        store[collections.IMPORTS].update_many(
            {"state": "sent"}, {"$set": {"head_seq": SEQ - 1}}, session=session
        )

    commits.write(store, documents, before=ready)


def _carried(store: Store, told: Coverage, *, at: datetime) -> list[Document]:
    """Tombstones that only the archive knows of, for messages that are still to come."""
    known = {each.digest for each in erasures.known(store)}
    return [
        {
            "_id": -place,
            "digest": digest,
            "counted": to_document(told.until),
            "until": to_document(until),
            "state": erasures.DONE,
            "at": at,
            "parts": 1,
            "negations": [SEQ],
            "events": 0,
            "imports": [],
        }
        for place, (digest, until) in enumerate(sorted(told.erasures.items()), start=1)
        if digest not in known
    ]
