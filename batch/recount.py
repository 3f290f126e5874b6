"""One batch: cut, wait, recompute, audit, write, publish, collect."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection

from pyspark.sql import DataFrame, SparkSession

from batch import audit, garbage, versions
from batch.bulk import load as bulk
from batch.bulk.loaded import Loaded, loaded_since, sealed_loads
from batch.cut import take_cut, wait_for_archive
from batch.executors import counted_months
from batch.lease import kept_alive
from batch.manifest import (
    changed_windows,
    kept_windows,
    manifest,
    months_of,
    windows_of,
)
from batch.raw_events import counted_listens
from batch.writing import write_windows
from listens import erasures
from listens import store as collections
from listens.aggregation.checksums import Checksum
from listens.errors import UserMistakeError
from listens.settings import Settings
from listens.store import Document, Store, ensure_indexes
from listens.windows import Span, months_in

log = logging.getLogger(__name__)

STEPS = ("cut", "wait", "recompute", "audit", "write", "publish", "collect")

Tell = Callable[[str], None]
"""Called with the name of each step as it begins, and after a colon with how far it is."""


def run(
    spark: SparkSession, store: Store, *, settings: Settings, tell: Tell, span: Span | None = None
) -> Document:
    """Recount and publish; the new version's document.

    Without a span all raw events are read. With one only those of the months that it touches, and
    of the months that have got events since the version before, whose other windows are
    taken over; the result is the same.

    Raises:
        BatchBusyError: another batch is at work.
        ArchiveBehindError: the archive doesn't cover the cut.
        AuditFailedError: the recount differs from the running count; nothing is published.
        UserMistakeError: a span, but no version by the same rules to take the rest from.
    """
    ensure_indexes(store)
    number = versions.reserve(store)
    try:
        with kept_alive(store, number):
            return _run(spark, store, number, settings=settings, tell=tell, span=span)
    except BaseException as error:
        versions.abandon(store, number, why=_in_short(error))
        raise


def _run(
    spark: SparkSession, store: Store, number: int, *, settings: Settings, tell: Tell,
    span: Span | None,
) -> Document:  # fmt: skip
    started = time.monotonic()
    bulk.finish(spark, store, settings=settings)
    tell("cut")
    base = versions.current(store)
    cut_seq, cut = take_cut(store)
    loads = sealed_loads(store)
    loaded = loaded_since(spark, loads, base=base, settings=settings)
    wanted = None
    if audit.is_comparable(store, base=base, cut_seq=cut_seq, settings=settings):
        wanted = audit.expected(
            store, base=base, cut_seq=cut_seq, loaded=loaded.checksums, settings=settings
        )
    months = _months(span, base=base, wanted=wanted)
    tell("wait")
    wait_for_archive(store, cut, seconds=settings.batch_wait_seconds)
    tell("recompute")
    listens = counted_listens(
        spark,
        settings=settings,
        cut=cut,
        months=months,
        unfinished=erasures.unfinished_at(cut_seq, erasures.known(store)),
        loads=loads,
    ).persist()
    try:
        counted = counted_months(listens)
        found = _taken_over(base, months) | counted.checksums
        tell("audit")
        audited = _audit(
            listens, found, wanted, loaded,
            store=store, base=base, cut_seq=cut_seq, settings=settings,
        )  # fmt: skip
        tell("write")
        changed = changed_windows(found, base=base, settings=settings)
        written = write_windows(
            listens, windows=changed, events=counted.listens,
            stored=kept_windows(found, changed, base=base), are_all=months is None,
            generation=number, settings=settings,
            tell=lambda how_far: tell(f"write: {how_far}"),
        )  # fmt: skip
    finally:
        listens.unpersist()
    tell("publish")
    windows = windows_of(found, written, number=number, base=base)
    made = manifest(
        cut_seq=cut_seq,
        cut=cut,
        loads=loads,
        events=_events(store, cut_seq=cut_seq, base=base) + loaded.events,
        audit=audited,
        windows=windows,
        settings=settings,
        seconds=time.monotonic() - started,
    )
    versions.publish(store, number, made, over=base["_id"])
    tell("collect")
    current = versions.current(store)
    removed = garbage.collect(store, current=current, previous=versions.previous(store))
    log.info("version=%d published, removed %s", number, removed)
    return current


def _audit(
    listens: DataFrame, found: dict[str, Checksum], wanted: dict[str, Checksum] | None,
    loaded: Loaded, *, store: Store, base: Document, cut_seq: int, settings: Settings,
) -> str:  # fmt: skip
    """Hold the recount against what is wanted; None where other rules make that unknown."""
    if wanted is None:
        return f"not comparable: version {base['_id']}, or a commit since, counts by other rules"
    audit.check(
        listens, found=found, wanted=wanted,
        store=store, base=base, cut_seq=cut_seq, settings=settings, loaded=loaded.listens,
    )  # fmt: skip
    equal = f"equals version {base['_id']} plus {cut_seq - base['cut_seq']} commits"
    return f"{equal} and {loaded.events:,} events loaded in bulk" if loaded.events else equal


def _months(
    span: Span | None, *, base: Document, wanted: dict[str, Checksum] | None
) -> set[str] | None:
    """The months to read: those of a span, and those with new events; None for all."""
    if span is None:
        return None
    if not base["_id"] or wanted is None:
        raise UserMistakeError(
            "there's no version by the present rules to take the other windows from; "
            "recount everything: ./playcount batch run"
        )
    before = months_of(base)
    touched = {month for month, checksum in wanted.items() if before.get(month) != checksum}
    return touched | set(months_in(span))


def _taken_over(base: Document, months: Collection[str] | None) -> dict[str, Checksum]:
    """Checksums of the months that aren't read again."""
    if months is None:
        return {}
    return {month: checksum for month, checksum in months_of(base).items() if month not in months}


def _events(store: Store, *, cut_seq: int, base: Document) -> int:
    span = {"_id": {"$gt": base["cut_seq"], "$lte": cut_seq}}
    counted = store[collections.SPEED_COMMITS].aggregate(
        [{"$match": span}, {"$group": {"_id": None, "events": {"$sum": "$events"}}}]
    )
    return int(base["events"]) + sum(int(total["events"]) for total in counted)


def _in_short(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:500]}" if lines else type(error).__name__
