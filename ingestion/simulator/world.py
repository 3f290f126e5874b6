"""All that stays the same through a simulated history: the songs, the people and their clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ingestion.simulator.catalogue import Catalogue, make_catalogue
from ingestion.simulator.draws import Integers
from ingestion.simulator.listeners import Listeners, make_listeners
from ingestion.simulator.places import places
from ingestion.simulator.zones import DAY_MS, ZoneOffsets

_OF_WORLD, _OF_BLOCK = range(2)


@dataclass(frozen=True)
class World:
    """Made from a seed; every block of time is then made from the world alone.

    Attributes:
        begin_ms, end_ms: of the history, milliseconds since 1970.
    """

    seed: int
    catalogue: Catalogue
    listeners: Listeners
    offsets: ZoneOffsets
    begin_ms: int
    end_ms: int

    def generator(self, *block: int) -> np.random.Generator:
        """The random numbers of one block, whatever other blocks are made."""
        return _generator(self.seed, _OF_BLOCK, *block)

    def local_ms(self, listener: Integers, utc_ms: Integers) -> Integers:
        """What the listeners' own clocks show, as milliseconds since 1970 there."""
        return utc_ms + self.offsets.at(self.listeners.place[listener], utc_ms)


def make_world(*, seed: int, listeners: int, songs: int, first_year: int, last_year: int) -> World:
    """The same arguments make the same world."""
    begin_ms, end_ms = _year_begins(first_year), _year_begins(last_year + 1)
    zones = [place.timezone for place in places()]
    return World(
        seed=seed,
        catalogue=make_catalogue(_generator(seed, _OF_WORLD, 0), songs, last_year=last_year),
        listeners=make_listeners(_generator(seed, _OF_WORLD, 1), listeners, last_year=last_year),
        offsets=ZoneOffsets(zones, begin_ms - 2 * DAY_MS, end_ms + 2 * DAY_MS),
        begin_ms=begin_ms,
        end_ms=end_ms,
    )


def _generator(seed: int, *spawn_key: int) -> np.random.Generator:
    # What SeedSequence.spawn gives, without spawning all the ones before it.
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=spawn_key))


def _year_begins(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000)
