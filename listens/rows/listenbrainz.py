"""ListenBrainz: `listens/<year>/<month>.jsonl` of its export, lists of listens, and API pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from listens.rows.scrobbles import milliseconds, scrobble

KEYS = (frozenset(("listened_at", "track_metadata")),)


def row(listen: dict[str, Any]) -> dict[str, Any]:
    """One listen; `duration_ms` and `duration` are the track's length, the latter in seconds."""
    track = _record(listen.get("track_metadata"))
    info = _record(track.get("additional_info"))
    length = milliseconds(info.get("duration_ms"))
    if length is None:
        length = milliseconds(info.get("duration"), a_unit=1000)
    return scrobble(
        started_ms=milliseconds(listen.get("listened_at"), a_unit=1000),
        heard_ms=milliseconds(info.get("duration_played"), a_unit=1000),
        length_ms=length,
        title=track.get("track_name"),
        artist=track.get("artist_name"),
        album=track.get("release_name"),
        uri=info.get("spotify_id"),
    )


def _record(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
