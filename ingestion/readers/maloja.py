"""Maloja: `maloja_export_*.json`, `{"scrobbles": […]}`."""

from __future__ import annotations

from typing import Any

from listens.rows.scrobbles import milliseconds, scrobble

KEYS = (frozenset(("time", "track")),)


def row(entry: dict[str, Any]) -> dict[str, Any]:
    """One scrobble; `duration` is heard, `length` the track's, both in seconds."""
    track = entry.get("track")
    track = track if isinstance(track, dict) else {}
    return scrobble(
        started_ms=milliseconds(entry.get("time"), a_unit=1000),
        heard_ms=milliseconds(entry.get("duration"), a_unit=1000),
        length_ms=milliseconds(track.get("length"), a_unit=1000),
        title=track.get("title"),
        artist=_joined(track.get("artists")),
        album=_title(track.get("album")),
    )


def _joined(artists: object) -> object:
    """As Maloja shows them."""
    if not isinstance(artists, list):
        return artists
    return ", ".join(artist for artist in artists if isinstance(artist, str))


def _title(album: object) -> object:
    return album.get("albumtitle") or album.get("name") if isinstance(album, dict) else album
