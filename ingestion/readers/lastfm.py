"""Last.fm: tracks as its API gives them, those of lastfmstats, and the usual CSV."""

from __future__ import annotations

from typing import Any

from listens.rows.scrobbles import milliseconds, scrobble

KEYS = (
    frozenset(("artist", "name", "date")),
    frozenset(("artist", "track", "date")),
)

COLUMNS = frozenset(("uts", "artist", "track"))
"""What the header of a CSV has at least."""

TAKEN = ("uts", "artist", "album", "track")
"""What is read of it."""


def row(track: dict[str, Any]) -> dict[str, Any]:
    """One track; what is playing at the moment of the export has no date.

    `date` is a record with `uts` in seconds, or, in the JSON of lastfmstats, milliseconds.
    """
    date = track.get("date")
    if isinstance(date, dict):
        started_ms = milliseconds(date.get("uts"), a_unit=1000)
    else:
        started_ms = milliseconds(date)
    return scrobble(
        started_ms=started_ms,
        title=track["track"] if "track" in track else track.get("name"),
        artist=_name(track.get("artist")),
        album=_name(track.get("album")),
    )


def row_of_table(cells: dict[str, Any]) -> dict[str, Any]:
    """One line of the CSV `uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid`."""
    return scrobble(
        started_ms=milliseconds(cells["uts"].strip() or None, a_unit=1000),
        title=cells["track"],
        artist=cells["artist"],
        album=cells.get("album"),
    )


def _name(value: object) -> object:
    """A name as the API writes it: `{"#text": …}`, with more about an artist `{"name": …}`."""
    return value.get("#text") or value.get("name") if isinstance(value, dict) else value
