"""What the executors do for a bulk load: put its events into `seen`, and its names beside them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from batch.charts import ROWS_AT_ONCE
from batch.executors import Batches
from listens import store as collections
from listens.aggregation.messages import IDENTITY, identity
from listens.bulk_loads import seen_as
from listens.identity import seen_key
from listens.names import NAMED, name_document
from listens.settings import Settings
from listens.store import Document

_LOST = (
    "event_id binary, listener_id string, second long, song_id binary, ms_played long, "
    "to_the_minute boolean"
)
_LOST_SCHEMA = pa.schema(
    [
        ("event_id", pa.binary()),
        ("listener_id", pa.string()),
        ("second", pa.int64()),
        ("song_id", pa.binary()),
        ("ms_played", pa.int64()),
        ("to_the_minute", pa.bool_()),
    ]
)
_NAMES = "id binary"

_DUPLICATE_KEY = 11000


def identified(rows: DataFrame) -> DataFrame:
    """Of each row IDENTITY, `import_id` and `offset`."""
    return rows.select(*identity(), "import_id", "offset")


def lost_events(rows: DataFrame, *, size: int, number: int, settings: Settings) -> DataFrame:
    """Claim the events of a load; those that somebody else has claimed before (IDENTITY).

    An event is claimed by its document in `seen`, which is there for good: evaluated again, the
    result is the same. In order of time, since `seen` is, so that it grows page by page.

    Args:
        rows: of the load, in the archive.
        size: how many there are.
        number: of the load.
        settings: where MongoDB is.
    """
    connection, database = settings.mongo_connection, settings.database
    mark = seen_as(number)

    def claim(batches: Batches) -> Iterator[pa.RecordBatch]:
        client: MongoClient[Document] = MongoClient(connection, w="majority", journal=True)
        with client:
            seen = client[database][collections.SEEN]
            for batch in batches:
                keys = [seen_key(**row) for row in batch.to_pylist()]
                others = _claim(seen, keys, mark)
                lost = [key in others for key in keys]
                yield batch.filter(pa.array(lost, pa.bool_())).cast(_LOST_SCHEMA)

    events = identified(rows).select(*IDENTITY).distinct()
    parts = max(rows.sparkSession.sparkContext.defaultParallelism, -(-size // ROWS_AT_ONCE))
    ordered = events.repartitionByRange(parts, "second").sortWithinPartitions("second")
    return ordered.mapInArrow(claim, _LOST)


def _claim(seen: Collection[Document], keys: list[bytes], mark: int) -> set[bytes]:
    """Mark the keys that nobody has; those that are somebody else's."""
    held = _held(seen, keys)
    free = [{"_id": key, "seq": mark} for key in keys if key not in held]
    if not _inserted(seen, free):
        # The speed layer was faster with some of them.
        held = _held(seen, keys)
    return {key for key, seq in held.items() if seq != mark}


def _held(seen: Collection[Document], keys: list[bytes]) -> dict[bytes, int]:
    found = seen.find({"_id": {"$in": keys}})
    return {document["_id"]: document["seq"] for document in found}


def _inserted(target: Collection[Document], documents: list[Document]) -> bool:
    """Insert what isn't there; whether all of it wasn't."""
    if not documents:
        return True
    try:
        target.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if any(one["code"] != _DUPLICATE_KEY for one in error.details["writeErrors"]):
            raise
        return False
    return True


def write_names(rows: DataFrame, *, settings: Settings) -> None:
    """Add the names of songs, artists and albums that the store lacks: the first spelling."""
    connection, database = settings.mongo_connection, settings.database

    def write(batches: Batches) -> Iterator[pa.RecordBatch]:
        client: MongoClient[Document] = MongoClient(connection, w="majority", journal=True)
        with client:
            names = client[database][collections.NAMES]
            for batch in batches:
                rows = batch.to_pylist()
                _inserted(names, [name_document(row["id"], row["spelling"]) for row in rows])
        yield from ()

    for column, spelled in NAMED:
        spelling = F.min_by(F.struct(*spelled), "offset").alias("spelling")
        named = rows.where(F.col(column).isNotNull()).groupBy(F.col(column).alias("id"))
        named.agg(spelling).mapInArrow(write, _NAMES).collect()
