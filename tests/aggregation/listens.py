"""Random listens, and the plain count that every layer must agree with."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from listens.identity import album_id, artist_id, event_id, song_id

NEW_YORK = "America/New_York"

# Where calendars go wrong: leap days, New Year in both zones, and the hours that the clocks of
# New York skip (10 March 2024, 2:00) or repeat (3 November 2024, 1:00).
EDGES = [
    datetime(2024, 2, 29, 12, tzinfo=UTC),
    datetime(2024, 3, 1, 4, 59, 59, tzinfo=UTC),
    datetime(2020, 2, 29, 23, 59, tzinfo=UTC),
    datetime(2023, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2024, 1, 1, 4, 59, 59, tzinfo=UTC),
    datetime(2024, 1, 1, 5, 0, 0, tzinfo=UTC),
    datetime(2024, 3, 10, 6, 59, 59, tzinfo=UTC),
    datetime(2024, 3, 10, 7, 0, 0, tzinfo=UTC),
    datetime(2024, 11, 3, 5, 30, tzinfo=UTC),
    datetime(2024, 11, 3, 6, 30, tzinfo=UTC),
    datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
]
MS_PLAYED = [0, 1, 29_999, 30_000, 180_000, 86_400_000]
REASONS = [None, "trackdone", "fwdbtn", "backbtn", "endplay"]


def listen(  # noqa: PLR0917 - a row of a table
    listener: str, ended_at: datetime, ms_played: int, song: int, platform: str | None,
    country: str | None, reason_end: str | None, skipped: bool | None, kind: str, has_album: bool,
) -> dict[str, Any]:  # fmt: skip
    """A listen with the identity that a reader would give it."""
    title, artist, album = f"Song {song}", f"Artist {song % 3}", f"Album {song % 4}"
    song_hash = song_id(artist, title)
    ended_at_ms = int(ended_at.timestamp() * 1000)
    return {
        "event_id": event_id(listener, ended_at_ms, song_hash, ms_played, 0),
        "listener_id": listener,
        "ended_at": ended_at,
        "ms_played": ms_played,
        "kind": kind,
        "song_id": song_hash,
        "title": title,
        "artist": artist,
        "artist_id": artist_id(artist),
        "album": album if has_album else None,
        "album_id": album_id(artist, album) if has_album else None,
        "platform": platform,
        "country": country,
        "reason_end": reason_end,
        "skipped": skipped,
        "completed": None,
        "source": "test",
    }


Cell = tuple[str, str, str, int, bytes]
"""view, slice, slice value, day (hour for totals) since 1970, key."""


def plain_count(listens: list[dict[str, Any]], zone: str) -> dict[Cell, dict[str, int]]:
    """Every cell by the rules as the README writes them, one listen after the other."""
    cells: dict[Cell, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in {each["event_id"]: each for each in reversed(listens)}.values():
        local = one["ended_at"].astimezone(ZoneInfo(zone))
        day = (local.date() - date(1970, 1, 1)).days
        done = one["reason_end"] == "trackdone"
        skip = (bool(one["skipped"]) or one["reason_end"] in {"fwdbtn", "backbtn"}) and not done
        adds = {
            "streams": int(one["ms_played"] > 0),
            "plays": int(one["ms_played"] >= 30_000),
            "skips": int(skip),
            "completed": int(done),
            "ms_played": one["ms_played"],
        }
        for cell in _cells_of(one, day=day, hour=local.hour):
            for name, value in adds.items():
                cells[cell][name] += value
    return {cell: dict(sums) for cell, sums in cells.items() if any(sums.values())}


def _cells_of(one: dict[str, Any], *, day: int, hour: int) -> list[Cell]:
    parts = {"night": (22, 23, *range(6)), "morning": range(6, 12), "afternoon": range(12, 18)}
    daypart = next((name for name, hours in parts.items() if hour in hours), "evening")
    slices = {
        "everyone": "",
        "listener": one["listener_id"],
        "country": one["country"],
        "platform": one["platform"],
        "daypart": daypart,
    }
    keys = [("totals", day * 24 + hour, one["kind"].encode())]
    if one["kind"] == "music":
        keys += [("songs", day, one["song_id"]), ("artists", day, one["artist_id"])]
        keys += [("albums", day, one["album_id"])] if one["album_id"] else []
    return [
        (view, by, value, window, key)
        for by, value in slices.items()
        if value is not None
        for view, window, key in keys
    ]
