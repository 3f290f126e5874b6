"""When simulated listeners begin to listen: each by a rhythm of their own days."""

from __future__ import annotations

import numpy as np

from ingestion.simulator.draws import Integers, choose_by_row
from ingestion.simulator.listeners import RHYTHMS, rhythm_weights
from ingestion.simulator.world import World
from ingestion.simulator.zones import DAY_MS, HOUR_MS

TRACKS_A_SESSION = 12

_THURSDAY = 3  # 1970-01-01
_SATURDAY = 5


def beginnings(
    world: World, rng: np.random.Generator, *, count: int, begin_ms: int, end_ms: int
) -> tuple[Integers, Integers]:
    """Who begins a session and when (UTC, ms), so many times between two instants.

    Drawn are a day and an hour of the listener's own; what falls outside is drawn again. So a
    short span has those listeners who are awake in it.
    """
    who: list[Integers] = []
    when: list[Integers] = []
    missing = count
    while missing:
        span = end_ms - begin_ms
        # Of a short span few draws fall inside.
        tries = int(missing * (1 + 2 * DAY_MS / span) * 1.1) + 16
        listener, utc_ms = _drawn(world, rng, tries, begin_ms=begin_ms, end_ms=end_ms)
        inside = np.flatnonzero((utc_ms >= begin_ms) & (utc_ms < end_ms))[:missing]
        who.append(listener[inside])
        when.append(utc_ms[inside])
        missing -= len(inside)
    return np.concatenate(who), np.concatenate(when)


def _drawn(
    world: World, rng: np.random.Generator, count: int, *, begin_ms: int, end_ms: int
) -> tuple[Integers, Integers]:
    people = world.listeners
    listener = np.searchsorted(people.cumulated, rng.random(count), side="right").astype(np.int64)
    # No zone is a whole day away from UTC.
    first, last = begin_ms // DAY_MS - 1, end_ms // DAY_MS + 1
    day = rng.integers(first, last + 1, count)
    weekend = (day + _THURSDAY) % 7 >= _SATURDAY
    row = people.rhythm[listener] + weekend * len(RHYTHMS)
    hour = choose_by_row(rng, rhythm_weights(), row)
    local = day * DAY_MS + hour * HOUR_MS + rng.integers(0, HOUR_MS, count)
    place = people.place[listener]
    # Twice, since the first guess asks for the offset at an instant some hours off.
    guess = local - world.offsets.at(place, local)
    return listener, local - world.offsets.at(place, guess)
