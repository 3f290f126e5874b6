"""Listening-history records in an Avro file: thirteen fields that other tools exchange."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO

import fastavro
from fastavro.write import Writer

CODEC = "deflate"
"""The one codec besides none that every reader of Avro has."""

_LOCATION = ("latitude", "longitude", "country", "city", "timezone")


@cache
def schema() -> Any:  # noqa: ANN401 - fastavro has no name for it
    """The schema of a file, `ingestion/schemas/listening_history.avsc`."""
    text = (files("ingestion") / "schemas" / "listening_history.avsc").read_text(encoding="utf-8")
    return fastavro.parse_schema(json.loads(text))


def history_writer(stream: BinaryIO) -> Writer:
    """Writes records to a new file; what it holds is complete after each `flush()`."""
    return Writer(stream, schema(), codec=CODEC)


def times(ended_at_ms: int, ms_played: int) -> dict[str, int]:
    """The `listening_time` of a playback; pauses count for nothing."""
    return {"start_time": ended_at_ms - ms_played, "end_time": ended_at_ms}


def location(listen: Mapping[str, Any]) -> dict[str, Any]:
    """The `user_location` of a listen."""
    return {name: listen[name] for name in _LOCATION}


def song(listen: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says of the song of a listen."""
    duration_ms = listen["duration_ms"]
    return {
        "song_name": listen["title"],
        "artist": listen["artist"],
        "genre": listen["genre"],
        "year": listen["year"],
        "popularity": listen["popularity"],
        "danceability": listen["danceability"],
        "energy": listen["energy"],
        "length_seconds": None if duration_ms is None else duration_ms / 1000,
    }


def record_of(listen: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a listen as `listens.codec.decode` gives it."""
    ended_at_ms = round(listen["ended_at"].timestamp() * 1000)
    return {
        "user_id": listen["listener_id"],
        "user_location": location(listen),
        "interaction": listen["interaction"],
        **song(listen),
        "listening_time": times(ended_at_ms, listen["ms_played"]),
        "personality": listen["personality"],
    }
