"""Scrobbles: rows that say when a play began, and seldom how long it was.

Last.fm, ListenBrainz and Maloja record a play once enough of it was heard. So where the time
played is missing, the play counts as heard in whole when its length is known, and else as the
30 seconds that any scrobble stands for. `assumed` says which; the importer counts it.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from listens.rules import MAX_MS_PLAYED, PLAY_MS

FROM_LENGTH = "length"
AT_LEAST = "minimum"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(value: object, *, a_unit: int = 1) -> object:
    """A number, or a text of one, in milliseconds; anything else as it is, but never a bool.

    `a_unit` is how many milliseconds stand for 1.
    """
    number = value
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
    if isinstance(number, bool):
        return repr(value)
    if not isinstance(number, int | float):
        return value
    if isinstance(number, float) and not math.isfinite(number * a_unit):
        return value
    return round(number * a_unit)


def scrobble(
    *,
    started_ms: object,
    heard_ms: object = None,
    length_ms: object = None,
    title: object,
    artist: object,
    album: object,
    uri: object = None,
) -> dict[str, Any]:
    """A row under the names of the extended history; `ts` is the end.

    Args:
        started_ms: since 1970; None: not told.
        heard_ms: None: not told.
        length_ms: of the track; what is no length counts as not told.
        title: of the track.
        artist: as shown.
        album: its title.
        uri: of the track.
    """
    length = length_ms if isinstance(length_ms, int) and 0 < length_ms <= MAX_MS_PLAYED else None
    ms_played, assumed = heard_ms, None
    if heard_ms is None:
        ms_played, assumed = (length, FROM_LENGTH) if length else (PLAY_MS, AT_LEAST)
    return {
        "ts": _end(started_ms, ms_played),
        "ms_played": ms_played,
        "master_metadata_track_name": title,
        "master_metadata_album_artist_name": artist,
        "master_metadata_album_album_name": album,
        "spotify_track_uri": uri,
        "duration_ms": length,
        "assumed": assumed,
    }


def _end(started_ms: object, ms_played: object) -> object:
    if started_ms is None:
        return None
    # No text: one that happens to be a date must not be taken for the end.
    unreadable = {"started_at": started_ms}
    if not isinstance(started_ms, int):
        return unreadable
    # A clock that was never set is to be seen as such, whatever was heard by it.
    heard_ms = ms_played if started_ms > 0 and isinstance(ms_played, int) else 0
    try:
        ended = _EPOCH + timedelta(milliseconds=started_ms + heard_ms)
    except OverflowError:
        return unreadable
    return ended.isoformat()
