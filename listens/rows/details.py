"""What some files tell beyond Spotify's own columns: of the song, the listener and the moment.

A value that can't be, such as a rating of 7, is left out and the row kept: charts by listens
don't depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import _lru_cache_wrapper, cache, lru_cache
from typing import Any
from zoneinfo import available_timezones

from listens.personalities import personality_code
from listens.rows.values import boolean_of, number_of, text_of, whole_of
from listens.rules import MAX_MS_PLAYED

Fields = dict[str, Any]

SONG_FIELDS = ("genre", "year", "popularity", "danceability", "energy", "duration_ms")
LISTENER_FIELDS = ("city", "latitude", "longitude", "timezone", "personality", "listener_age")
MOMENT_FIELDS = ("mood", "interaction", "rating", "completed")

PERSONAL_FIELDS = frozenset(("listener", *LISTENER_FIELDS))
"""They say who and where somebody is: kept out of the list of rejected rows."""

INTERACTIONS = frozenset(("play", "skip", "repeat", "pause", "add_to_playlist", "like"))

OLDEST_YEAR, LATEST_YEAR = 1000, 2200
OLDEST_LISTENER = 120
BEST_RATING = 5

_ALL = frozenset((*SONG_FIELDS, *LISTENER_FIELDS, *MOMENT_FIELDS))


def details_of(row: Mapping[str, Any]) -> Fields:
    """The fields of the event that the row has; none for a row of Spotify's own.

    Raises:
        RowRejectedError: a text is too long, or damaged.
    """
    if _ALL.isdisjoint(row):
        return {}
    return {
        **cached(_song, map(row.get, SONG_FIELDS)),
        **cached(_listener, map(row.get, LISTENER_FIELDS)),
        **cached(_moment, map(row.get, MOMENT_FIELDS)),
    }


def cached(fields: _lru_cache_wrapper[Fields], values: Iterable[Any]) -> Fields:
    """The fields made of some values; a song comes many times, and is looked at once."""
    values = tuple(values)
    try:
        return fields(*values)
    except TypeError:
        # A list or an object where a text belongs has no hash, and so no place in a cache.
        return fields.__wrapped__(*values)


# typed: 1 and true are equal, and only one of them is a number.
@lru_cache(maxsize=50_000, typed=True)
def _song(*values: object) -> Fields:
    raw = dict(zip(SONG_FIELDS, values, strict=True))
    return {
        "genre": text_of(raw["genre"]),
        "year": _whole(raw["year"], OLDEST_YEAR, LATEST_YEAR),
        "popularity": _whole(raw["popularity"], 0, 100),
        "danceability": _real(raw["danceability"], 0, 1),
        "energy": _real(raw["energy"], 0, 1),
        "duration_ms": _whole(raw["duration_ms"], 1, MAX_MS_PLAYED),
    }


@lru_cache(maxsize=50_000, typed=True)
def _listener(*values: object) -> Fields:
    raw = dict(zip(LISTENER_FIELDS, values, strict=True))
    zone, personality = text_of(raw["timezone"]), text_of(raw["personality"])
    return {
        "city": text_of(raw["city"]),
        "latitude": _real(raw["latitude"], -90, 90),
        "longitude": _real(raw["longitude"], -180, 180),
        "timezone": zone if zone in _zones() else None,
        "personality": personality_code(personality) if personality else None,
        "listener_age": _whole(raw["listener_age"], 1, OLDEST_LISTENER),
    }


@lru_cache(maxsize=50_000, typed=True)
def _moment(*values: object) -> Fields:
    raw = dict(zip(MOMENT_FIELDS, values, strict=True))
    mood, interaction = text_of(raw["mood"]), text_of(raw["interaction"])
    deed = "_".join(interaction.casefold().replace("-", " ").split()) if interaction else None
    return {
        "mood": mood.casefold() if mood else None,
        "interaction": deed if deed in INTERACTIONS else None,
        "rating": _whole(raw["rating"], 1, BEST_RATING),
        "completed": boolean_of(raw["completed"]),
    }


def _whole(value: object, least: int, most: int) -> int | None:
    number = whole_of(value)
    return number if number is not None and least <= number <= most else None


def _real(value: object, least: float, most: float) -> float | None:
    number = number_of(value)
    return float(number) if number is not None and least <= number <= most else None


@cache
def _zones() -> set[str]:
    return available_timezones()
