"""Random listens, and the plain count that every layer must agree with."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from listens.identity import album_id, artist_id, event_id, song_id
from listens.views import VIEWS

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
    details: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A listen with the identity that a reader would give it; `details` as in DETAILS."""
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
        **(details or {}),
    }


Cell = tuple[str, str, str, int, bytes]
"""view, slice, slice value, day (hour or minute, as the view has it) since 1970, key."""

DETAILS: dict[str, list[Any]] = {
    "genre": [None, "pop", "hip hop", "Çiftetelli", "x" * 101, ""],
    "mood": [None, "calm", "happy"],
    "personality": [None, "ENVU", "FTLC"],
    "year": [None, 1971, 2024, 999, 10_000],
    "interaction": [None, "play", "skip", "add_to_playlist"],
    "rating": [None, None, 1, 4, 5, 0, 6],
    "listener_age": [None, 19, 44, 0, 121],
    "duration_ms": [None, 0, 1, 60_000, 180_000],
}
"""What else a listen may know, with values that mustn't count."""


def plain_count(listens: list[dict[str, Any]], zone: str) -> dict[Cell, dict[str, int]]:
    """Every cell by the rules as the documents write them, one listen after the other."""
    cells: dict[Cell, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in {each["event_id"]: each for each in reversed(listens)}.values():
        adds = adds_of(one)
        for cell in cells_of(one, one["ended_at"].astimezone(ZoneInfo(zone))):
            for name, value in adds.items():
                cells[cell][name] += value
    return {cell: dict(sums) for cell, sums in cells.items() if any(sums.values())}


def adds_of(one: dict[str, Any]) -> dict[str, int]:
    """What a listen adds to each measure."""
    ms, age, length = one["ms_played"], one.get("listener_age"), one.get("duration_ms")
    rating = one.get("rating") if one.get("rating") in {1, 2, 3, 4, 5} else None
    done = one["reason_end"] == "trackdone"
    skip = (bool(one["skipped"]) or one["reason_end"] in {"fwdbtn", "backbtn"}) and not done
    has_age, has_length = bool(ms and age and age <= 120), bool(ms and length)
    return {
        "streams": int(ms > 0),
        "plays": int(ms >= 30_000),
        "skips": int(skip),
        "completed": int(done),
        "ms_played": ms,
        "unheard": int((skip or done) and not ms),
        "rating_sum": rating or 0,
        "rating_count": int(rating is not None),
        "age_sum": age if has_age else 0,
        "age_count": int(has_age),
        "heard_sum": min(1000, ms * 1000 // length) if has_length else 0,
        "heard_count": int(has_length),
    }


def cells_of(one: dict[str, Any], local: datetime) -> list[Cell]:
    """The cells that a listen adds to; `local` is when it ended, in the reporting zone."""
    day = (local.date() - date(1970, 1, 1)).days
    minute = day * 1440 + local.hour * 60 + local.minute
    windows = {"day": day, "hour": day * 24 + local.hour, "minute": minute}
    parts = {"night": (22, 23, *range(6)), "morning": range(6, 12), "afternoon": range(12, 18)}
    daypart = next((name for name, hours in parts.items() if local.hour in hours), "evening")
    text = {name: _named(one.get(name)) for name in
            ("country", "platform", "genre", "mood", "personality", "interaction")}  # fmt: skip
    listener, country = one["listener_id"], text["country"]
    slices = {
        "everyone": "",
        "listener": listener,
        "daypart": daypart,
        "country+daypart": country and f"{country}/{daypart}",
        "listener+daypart": f"{listener}/{daypart}",
        "song": one["song_id"].hex(),
        "artist": one["artist_id"].hex(),
        "album": one["album_id"] and one["album_id"].hex(),
        **text,
    }
    keys = _keys(one, text)
    return [
        (view, by, value, windows[VIEWS[view].finest], key)
        for view, key in keys.items()
        if key is not None
        for by in VIEWS[view].slices
        if (value := slices[by]) is not None
    ]


def _keys(one: dict[str, Any], text: dict[str, str | None]) -> dict[str, bytes | None]:
    totals = {"totals": one["kind"].encode()}
    if one["kind"] != "music":
        return totals
    coded = {name: value and value.encode() for name, value in text.items()}
    listener, year = one["listener_id"].encode(), one.get("year")
    ms, length = one["ms_played"], one.get("duration_ms")
    tenth = str(min(9, ms * 1000 // length // 100)).encode() if ms and length else None
    return {
        **totals,
        "tenths": tenth,
        "artist_tenths": tenth,
        "songs": one["song_id"],
        "artists": one["artist_id"],
        "albums": one["album_id"],
        "genres": coded["genre"],
        "platforms": coded["platform"],
        "countries": coded["country"],
        "moods": coded["mood"],
        "personalities": coded["personality"],
        "interactions": coded["interaction"],
        "years": str(year).encode() if year and 1000 <= year <= 9999 else None,
        "listeners": listener,
        "audience": listener,
        "genre_minutes": coded["genre"],
        "artist_minutes": one["artist_id"],
        "song_minutes": one["song_id"],
        "listener_minutes": b"music",
    }


def _named(value: str | None) -> str | None:
    return value if value and len(value) <= 100 else None
