"""Avro files of listening-history records (`ingestion/schemas/listening_history.avsc`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

import fastavro

from listens.errors import UserMistakeError

MAGIC = b"Obj\x01"
REQUIRED_FIELDS = frozenset(("user_id", "song_name", "listening_time"))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SAME = ("interaction", "genre", "year", "popularity", "danceability", "energy", "personality")


class BrokenAvroError(UserMistakeError):
    """An Avro file that is cut off, damaged, or in a codec that isn't known here."""


def fields_and_count(stream: BinaryIO) -> tuple[frozenset[str], int]:
    """The fields of the records, and how many records there are.

    Raises:
        BrokenAvroError: the file can't be read to its end.
    """
    total = 0
    try:
        # Decoded, not only counted: a damaged record is found before anything is sent.
        records = fastavro.reader(stream)
        schema = records.writer_schema
        for _ in records:
            total += 1
    except Exception as error:  # each codec has exceptions of its own
        why = str(error) or type(error).__name__
        raise BrokenAvroError(
            f"the Avro file can't be read after {total:,} records ({why}); it seems to be cut off "
            "or damaged: download or copy it again"
        ) from error
    fields = schema.get("fields", ()) if isinstance(schema, dict) else ()
    return frozenset(field["name"] for field in fields), total


def rows(stream: BinaryIO) -> Iterator[tuple[int, Any]]:
    """Every record under the names of the extended history, numbered from 1."""
    for number, record in enumerate(fastavro.reader(stream), start=1):
        yield number, _row(record) if isinstance(record, dict) else record


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    place, times = record.get("user_location") or {}, record.get("listening_time") or {}
    start, end = _ms(times.get("start_time")), _ms(times.get("end_time"))
    length = record.get("length_seconds")
    return {
        "listener": record["user_id"],
        "ts": _timestamp(end),
        "ms_played": None if start is None or end is None else end - start,
        "master_metadata_track_name": record["song_name"],
        "master_metadata_album_artist_name": record.get("artist"),
        "conn_country": place.get("country"),
        **{name: place.get(name) for name in ("city", "latitude", "longitude", "timezone")},
        **{name: record.get(name) for name in _SAME},
        "duration_ms": round(length * 1000) if isinstance(length, int | float) else None,
        # The one place where a record says that the rest of a song was skipped.
        "skipped": True if record.get("interaction") == "skip" else None,
    }


def _ms(value: object) -> int | None:
    if isinstance(value, datetime):  # a schema with a logical type
        return (value - _EPOCH) // _MILLISECOND
    return value if isinstance(value, int) else None


def _timestamp(ms: int | None) -> str | None:
    if ms is None:
        return None
    try:
        return (_EPOCH + ms * _MILLISECOND).isoformat()
    except OverflowError:
        return str(ms)
