"""An erased listener's rows in the archive: read to be taken back, then emptied."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from listens.aggregation.archive import upkeep_session
from listens.aggregation.cells import COUNTED_SCHEMA
from listens.aggregation.counted import RULED_COLUMNS, with_counted
from listens.aggregation.messages import (
    IDENTIFIED_BY,
    accepted,
    offset_of_partition,
    once_each,
)
from listens.codec import UndecodableError, decode
from listens.erasures import digest_of
from listens.offsets import Offsets
from listens.rules import ERASED
from listens.settings import Settings

KEPT = {"topic", "partition", "offset", "received_on", "import_id"}
"""What stays of an erased row: the proof that no offset is missing, and the import's balance."""

Position = tuple[int, int]
"""Partition and offset."""


def counted_before(
    spark: SparkSession, *, settings: Settings, listener: str, offsets: Offsets
) -> pa.Table:
    """The listener's events before some offsets, each once: IDENTIFIED_BY and COUNTED_SCHEMA."""
    events = accepted(spark.read.format("delta").load(settings.archive_table))
    raw = events.where(F.col("listener_id") == listener)
    before = raw.where(F.col("offset") < offset_of_partition(offsets))
    counted = with_counted(
        once_each(before, *RULED_COLUMNS),
        time_zone=settings.time_zone,
        optional_views=settings.counted_views,
    )
    return counted.select(*IDENTIFIED_BY, *COUNTED_SCHEMA.names).toArrow()


def held_rows(rows: DataFrame, *, listener: str, until: Offsets | None) -> int:
    """How many rows of the archive, or of some of its files, are the listener's.

    Those before some offsets, or all.
    """
    mismatched = _mismatched(rows, listener=listener, until=until)
    return rows.where(F.expr(_condition(listener, until, mismatched))).count()


def empty_rows(
    spark: SparkSession, *, table: str, listener: str, until: Offsets, loaded: Offsets
) -> None:
    """Leave of the listener's rows before some offsets, and of bulk loads, only their places.

    The files that held them stay until `archive optimize` deletes them.
    """
    rows = spark.read.format("delta").load(table)
    mismatched = _mismatched(rows, listener=listener, until=until)
    condition = _condition(listener, until | loaded, mismatched)
    days = rows.where(F.expr(condition)).select("received_on").distinct().collect()
    session = upkeep_session(spark, table=table, erasures={digest_of(listener): until})
    if not days:
        _say_so(session, table=table)
        return
    # By day, so that other days' files aren't opened, and by digest: the table's log quotes it.
    listed = ", ".join(f"DATE'{row['received_on']}'" for row in days)
    emptied = [f"`{name}` = NULL" for name in rows.columns if name not in {*KEPT, "rejection"}]
    session.sql(
        f"UPDATE delta.`{table}` SET {', '.join(emptied)}, rejection = '{ERASED}' "  # noqa: S608 - digest
        f"WHERE received_on IN ({listed}) AND ({condition})"
    )


def _say_so(session: SparkSession, *, table: str) -> None:
    """A commit without rows: its metadata holds the erasure while messages are to be left out."""
    session.conf.set("spark.databricks.delta.skipRecordingEmptyCommits", "false")
    none = session.read.format("delta").load(table).limit(0)
    none.write.format("delta").mode("append").save(table)


def is_by(listener: str, value: bytes) -> bool:
    """Whether a raw message, under whatever key, is a listen of the listener."""
    try:
        return bool(decode(value)["listener_id"] == listener)
    except UndecodableError:
        return False


def _condition(listener: str, until: Offsets | None, mismatched: Collection[Position]) -> str:
    owner = "sha2(coalesce(CAST(listener_id AS BINARY), key), 256)"
    theirs = f"{owner} = '{digest_of(listener)}' AND {_before(until)}"
    places = [f"(partition = {number} AND `offset` = {at})" for number, at in mismatched]
    return " OR ".join([f"({theirs})", *places])


def _mismatched(rows: DataFrame, *, listener: str, until: Offsets | None) -> list[Position]:
    """Places of messages that hold a listen of the listener under somebody else's key."""
    held = listener.encode("utf-8", "surrogatepass").hex()
    candidates = (
        rows.where("rejection = 'key_mismatch'")
        .where(_before(until))
        .where(F.expr(f"contains(value, X'{held}')"))
        .select("partition", "offset", "value")
    )
    return [
        (row["partition"], row["offset"])
        for row in candidates.toLocalIterator()
        if is_by(listener, bytes(row["value"]))
    ]


def _before(offsets: Mapping[int, int] | None) -> str:
    if offsets is None:
        return "true"
    whens = " ".join(f"WHEN {number} THEN {offset}" for number, offset in sorted(offsets.items()))
    return f"`offset` < (CASE partition {whens} ELSE 0 END)"
