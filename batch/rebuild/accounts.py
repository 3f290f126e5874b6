"""The account of each import, as far as the archive knows it by the import's id."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from batch.rebuild.owners import owner
from listens import store as collections
from listens.aggregation.messages import accepted, once_each
from listens.rules import ERASED
from listens.store import Document, Store

UNKNOWN = "unknown"
"""In the place of what only the importer knew."""


@dataclass(frozen=True)
class Totals:
    """What the archive's events count.

    Attributes:
        events: distinct listens.
        duplicates: listens that came again.
        rejected: messages that are no listens.
        erased: messages of which only the place is left.
        imports: import → `new`, `duplicate` and, where there are any, `erased`.
    """

    events: int = 0
    duplicates: int = 0
    rejected: int = 0
    erased: int = 0
    imports: dict[str, dict[str, int]] = field(default_factory=dict)


def totals(events: DataFrame) -> Totals:
    """Count the messages of the archive, each (partition, offset) once."""
    listens = accepted(events)
    new = _by_import(once_each(listens, "import_id"))
    all_listens = _by_import(listens)
    erased = _by_import(events.where(F.col("rejection") == ERASED))
    rejected = events.where(F.col("rejection") != ERASED).count()
    return Totals(
        events=sum(new.values()),
        duplicates=sum(all_listens.values()) - sum(new.values()),
        rejected=rejected,
        erased=sum(erased.values()),
        imports={
            import_id: _counts(
                new.get(import_id, 0), all_listens.get(import_id, 0), erased.get(import_id, 0)
            )
            for import_id in all_listens.keys() | erased.keys()
            if import_id is not None
        },
    )


def write_accounts(store: Store, events: DataFrame, counted: Totals) -> int:
    """Open an account for each import that has none; returns how many.

    What was read and rejected before Kafka isn't known: `read` is what was sent.
    """
    kept = set(store[collections.IMPORTS].distinct("_id"))
    rows = events.where(F.col("import_id").isNotNull()).groupBy("import_id")
    facts = rows.agg(
        owner().alias("listener_id"),
        F.min("source").alias("format"),
        F.min("received_at").alias("first"),
        F.max("received_at").alias("last"),
    )
    accounts = [
        _account(row, counted.imports[row["import_id"]])
        for row in facts.toArrow().to_pylist()
        if row["import_id"] not in kept
    ]
    if accounts:
        store[collections.IMPORTS].insert_many(accounts)
    return len(accounts)


def _account(facts: Document, counts: dict[str, int]) -> Document:
    sent = sum(counts.values())
    now = datetime.now(UTC)
    first, last = (facts[name] or now for name in ("first", "last"))
    return {
        "_id": facts["import_id"],
        "listener_id": facts["listener_id"],
        "file": UNKNOWN,
        "format": facts["format"] or UNKNOWN,
        "started_at": first,
        "touched_at": last,
        "sent_at": last,
        "head_seq": 0,
        "read": sent,
        "sent": sent,
        "rejected": 0,
        "rejected_by_reason": {},
        "end_offsets": {},
        "state": "settled",
        "settled_at": now,
        "rebuilt": True,
        **counts,
    }


def _by_import(rows: DataFrame) -> dict[str | None, int]:
    return {row["import_id"]: row["count"] for row in rows.groupBy("import_id").count().collect()}


def _counts(new: int, listens: int, erased: int) -> dict[str, int]:
    counts = {"new": new, "duplicate": listens - new}
    return counts | {"erased": erased} if erased else counts
