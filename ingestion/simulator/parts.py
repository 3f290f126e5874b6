"""What repeats in simulated listens, by the names of the event: made once, used many times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ingestion.simulator.catalogue import GENRES
from ingestion.simulator.draws import Integers
from ingestion.simulator.endings import INTERACTIONS, REASONS
from ingestion.simulator.listeners import CODES, PLATFORMS
from ingestion.simulator.moods import MOODS
from ingestion.simulator.places import places
from ingestion.simulator.playbacks import Playbacks
from ingestion.simulator.world import World

Fields = dict[str, Any]
Made = TypeVar("Made")

_RATINGS = 6  # none, and 1 to 5


class Kept(dict[int, Made]):
    """Makes something of a number when it's first asked for, and keeps it."""

    def __init__(self, make: Callable[[int], Made]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, number: int) -> Made:
        made = self[number] = self._make(number)
        return made


class Parts:
    """The fields of a listen in groups, each by one number.

    Args:
        world: that the listens are of.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def song(self, song: int) -> Fields:
        """What there is to say of a song."""
        catalogue = self._world.catalogue
        return {
            "title": catalogue.title(song),
            "artist": catalogue.artist_name(song),
            "album": catalogue.album_name(song),
            "uri": f"spotify:track:{catalogue.track_id(song)}",
            "genre": tuple(GENRES)[catalogue.genre[song]],
            "year": int(catalogue.year[song]),
            "popularity": int(catalogue.popularity[song]),
            "danceability": float(catalogue.danceability[song]),
            "energy": float(catalogue.energy[song]),
            "duration_ms": int(catalogue.duration_ms[song]),
        }

    def home(self, listener: int) -> Fields:
        """Where a listener is."""
        place = places()[self._world.listeners.place[listener]]
        return {
            "country": place.country,
            "city": place.city,
            "latitude": place.latitude,
            "longitude": place.longitude,
            "timezone": place.timezone,
        }

    def personality(self, listener: int) -> str:
        """The four letters."""
        return CODES[int(self._world.listeners.personality[listener])]


def platform(number: int) -> str:
    """As the device calls itself."""
    return tuple(PLATFORMS)[number]


def ending_numbers(playbacks: Playbacks) -> Integers:
    """For each playback the number that `ending` wants."""
    flags = playbacks.shuffle * 4 + playbacks.offline * 2 + playbacks.incognito
    reasons = playbacks.reason_start * len(REASONS) + playbacks.reason_end
    numbers: Integers = reasons * 8 + flags
    return numbers


def ending(number: int) -> Fields:
    """How a playback began and ended."""
    reasons, flags = divmod(number, 8)
    start, end = divmod(reasons, len(REASONS))
    return {
        "reason_start": REASONS[start] or None,
        "reason_end": REASONS[end] or None,
        "shuffle": bool(flags & 4),
        "skipped": REASONS[end] in {"fwdbtn", "backbtn"},
        "completed": REASONS[end] == "trackdone",
        "offline": bool(flags & 2),
        "incognito": bool(flags & 1),
    }


def reaction_numbers(playbacks: Playbacks) -> Integers:
    """For each playback the number that `reaction` wants."""
    numbers: Integers = (
        playbacks.mood * len(INTERACTIONS) + playbacks.interaction
    ) * _RATINGS + playbacks.rating
    return numbers


def reaction(number: int) -> Fields:
    """What the listener felt and did."""
    rest, rating = divmod(number, _RATINGS)
    mood, interaction = divmod(rest, len(INTERACTIONS))
    return {
        "mood": MOODS[mood],
        "interaction": INTERACTIONS[interaction],
        "rating": rating or None,
    }
