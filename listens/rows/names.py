"""The many names by which tables and JSON files call one thing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_NAMES = {
    "timestamp": "ts",
    "endtime": "ts",
    "end_time": "ts",
    "msplayed": "ms_played",
    "track_name": "master_metadata_track_name",
    "trackname": "master_metadata_track_name",
    "artist_name": "master_metadata_album_artist_name",
    "artistname": "master_metadata_album_artist_name",
    "album_name": "master_metadata_album_album_name",
    "albumname": "master_metadata_album_album_name",
    "track_uri": "spotify_track_uri",
    "country": "conn_country",
    "incognito": "incognito_mode",
    "listener_id": "listener",
    "user_id": "listener",
    "age": "listener_age",
}


@lru_cache(maxsize=1_000)
def known_name(cell: str) -> str:
    """The name that readers yield for a header cell or a key; an unknown one folded."""
    name = "_".join(cell.replace("-", " ").strip("\ufeff \"'").casefold().split())
    return _NAMES.get(name, name)


def renamed(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row under the names that readers yield."""
    return {known_name(key): value for key, value in row.items()}
