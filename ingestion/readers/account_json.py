"""The account data: `StreamingHistory_music_*.json`, `…_podcast_*.json` and older ones.

The older `StreamingHistory*.json` hold podcasts too, and nothing in a row tells them from songs.
"""

from __future__ import annotations

from typing import Any

KEYS = (frozenset(("endTime", "msPlayed")),)

_NAMES = {
    "endTime": "ts",
    "msPlayed": "ms_played",
    "trackName": "master_metadata_track_name",
    "artistName": "master_metadata_album_artist_name",
    "episodeName": "episode_name",
    "podcastName": "episode_show_name",
    "chapterName": "audiobook_chapter_title",
    "audiobookName": "audiobook_title",
}


def row(element: dict[str, Any]) -> dict[str, Any]:
    """One record under the names of the extended history."""
    return {_NAMES[key]: value for key, value in element.items() if key in _NAMES}
