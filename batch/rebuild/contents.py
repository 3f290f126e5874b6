"""What MongoDB holds beside the charts, from the archive's rows: each collection written once.

The commit that all of it belongs to is number 1: it counts what the archive covers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import pyarrow as pa
from pymongo import MongoClient
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from listens import store as collections
from listens.aggregation.counted import with_counted
from listens.aggregation.documents import RECENT_FIELDS, recent_documents, rejected_document
from listens.aggregation.messages import POSITION, accepted, identity, once_each
from listens.identity import seen_key
from listens.names import NAMED, name_document
from listens.recent import RECENT_KEPT
from listens.rules import ERASED
from listens.settings import Settings
from listens.store import Document, Store

SEQ = 1
"""The number of the commit that counts all of the archive."""

DOCUMENTS_A_WRITE = 5_000

_WRITTEN = "documents long"


def write_seen(events: DataFrame, *, settings: Settings) -> int:
    """A key each event; returns how many."""
    return _write(
        accepted(events).select(*identity()).distinct(),
        collections.SEEN,
        lambda row: {"_id": seen_key(**row), "seq": SEQ},
        settings=settings,
    )


def write_names(events: DataFrame, *, settings: Settings) -> int:
    """The spelling of each song, artist and album that came first."""
    listens = accepted(events)
    order = F.struct("received_at", "partition", "offset")
    count = 0
    for name_id, fields in NAMED:
        first = F.min_by(F.struct(*fields), order).alias("spelling")
        named = listens.where(F.col(name_id).isNotNull()).groupBy(F.col(name_id).alias("_id"))
        count += _write(
            named.agg(first),
            collections.NAMES,
            lambda row: name_document(row["_id"], row["spelling"]),
            settings=settings,
        )
    return count


def write_rejected(events: DataFrame, *, settings: Settings) -> int:
    """The messages that are no listens."""
    rejected = events.where(F.col("rejection") != ERASED)
    rows = rejected.select(*POSITION, "rejection", "key", "value")

    def document(row: Document) -> Document:
        return rejected_document(row, seq=SEQ, at=row["received_at"])

    return _write(rows, collections.REJECTED_EVENTS, document, settings=settings)


def write_recent(events: DataFrame, *, store: Store, settings: Settings) -> int:
    """The newest listens of all, one document."""
    listens = accepted(events)
    newest = (
        once_each(listens)
        .orderBy(F.desc("ended_at"), F.desc("event_id"))
        .limit(RECENT_KEPT)
        .select("partition", "offset")
    )
    rows = listens.join(newest, ["partition", "offset"]).orderBy("ended_at", "event_id")
    counted = with_counted(rows, time_zone=settings.time_zone, optional_views=())
    shown = counted.select(*RECENT_FIELDS).toArrow()
    documents = recent_documents(shown, seq=SEQ)
    if documents:
        store[collections.RECENT_LISTENS].insert_many(documents)
    return int(shown.num_rows)


def _write(
    rows: DataFrame,
    collection: str,
    document: Callable[[Document], Document],
    *,
    settings: Settings,
) -> int:
    """Insert a document a row, from where the rows are."""
    connection, database = settings.mongo_connection, settings.database

    def insert(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        documents = (document(row) for batch in batches for row in batch.to_pylist())
        client: MongoClient[Document] = MongoClient(
            connection, w="majority", journal=True, tz_aware=True
        )
        count = 0
        with client:
            while some := list(islice(documents, DOCUMENTS_A_WRITE)):
                client[database][collection].insert_many(some, ordered=False)
                count += len(some)
        yield pa.RecordBatch.from_pylist([{"documents": count}])

    written = rows.mapInArrow(insert, _WRITTEN).collect()
    return sum(row["documents"] for row in written)
