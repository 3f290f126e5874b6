"""Who listens in the simulator: where, when, to what, and in which of sixteen manners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from faker import Faker

from ingestion.simulator.catalogue import GENRES
from ingestion.simulator.draws import (
    Booleans,
    Floats,
    Integers,
    Keys,
    choose,
    hashed,
    shares,
    uniform,
)
from ingestion.simulator.places import places
from listens.personalities import PERSONALITIES

CODES = tuple(PERSONALITIES)

LETTERS = {"F": 0.55, "T": 0.40, "L": 0.45, "C": 0.65}
"""First letter of each pair → the share of listeners who have it."""

GENRES_LIKED = 3
PLATFORMS_USED = 2
PLATFORMS = {
    "android": 45.0, "ios": 22.0, "iOS 17.1 (iPhone14,5)": 6.0, "windows": 9.0, "mac": 5.0,
    "web player": 6.0, "cast to device": 5.0, "Partner sonos_ppc Sonos;Play1": 2.0,
}  # fmt: skip

# Listens by hour of the local day.
RHYTHMS = {
    "commuter": (
        (2, 1, 1, 1, 1, 3, 9, 14, 12, 6, 5, 5, 6, 5, 5, 7, 10, 14, 13, 10, 9, 8, 6, 4), 50.0,
    ),
    "at work": (
        (2, 1, 1, 1, 1, 1, 3, 6, 11, 13, 13, 11, 8, 11, 13, 12, 10, 7, 5, 5, 5, 5, 4, 3), 25.0,
    ),
    "night owl": (
        (13, 11, 9, 6, 4, 2, 1, 1, 2, 3, 4, 5, 6, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14), 15.0,
    ),
    "early bird": (
        (1, 1, 1, 2, 5, 10, 14, 14, 11, 9, 8, 8, 8, 7, 7, 7, 6, 6, 5, 4, 3, 2, 1, 1), 10.0,
    ),
}  # fmt: skip

_NAMES_A_COUNTRY = 80
_YOUNGEST, _OLDEST = 13, 85
_OF_FIRST_NAME, _OF_LAST_NAME, _OF_GENRE, _OF_PLATFORM = range(4)


@dataclass(frozen=True)
class Listeners:
    """Columns of equal length, one entry a listener.

    Attributes:
        ids: a name and a number, which makes it the only one.
        place: position in `places()`.
        born: year.
        personality: position in `CODES`.
        rhythm: position in `RHYTHMS`.
        genres: those liked, the most liked first; positions in `GENRES`.
        platforms: those used, the most used first; positions in `PLATFORMS`.
        keys: what hashed draws of the listener begin with.
        cumulated: share of the sessions that this listener or one before has.
    """

    ids: Sequence[str]
    place: Integers
    born: Integers
    personality: Integers
    rhythm: Integers
    genres: Integers
    platforms: Integers
    keys: Keys
    cumulated: Floats

    def __len__(self) -> int:
        return len(self.ids)

    def has(self, letter: str, listener: Integers) -> Booleans:
        """Whether each listener's personality has the letter."""
        having = np.array([letter in code for code in CODES])
        found: Booleans = having[self.personality[listener]]
        return found

    def age(self, listener: Integers, year: Integers) -> Integers:
        """Years, in a calendar year; a long history begins with nobody below ten."""
        found: Integers = np.clip(year - self.born[listener], 10, 99)
        return found


def make_listeners(rng: np.random.Generator, count: int, *, last_year: int) -> Listeners:
    """So many people of all over the world."""
    keys = rng.integers(0, 1 << 63, count).astype(np.uint64)
    place = choose(rng, {number: each.weight for number, each in enumerate(places())}, count)
    # More than half are under 30, and one in six is over 60.
    age = _YOUNGEST + rng.random(count) ** 2.5 * (_OLDEST - _YOUNGEST)
    return Listeners(
        ids=_ids(place, keys, seed=int(rng.integers(0, 1 << 31))),
        place=place,
        born=last_year - age.astype(np.int64),
        personality=_personalities(rng, count),
        rhythm=choose(rng, {name: weight for name, (_, weight) in RHYTHMS.items()}, count),
        genres=_several(keys, _OF_GENRE, [each.weight for each in GENRES.values()], GENRES_LIKED),
        platforms=_several(keys, _OF_PLATFORM, [*PLATFORMS.values()], PLATFORMS_USED),
        keys=keys,
        # A few heavy listeners and many light ones.
        cumulated=shares(rng.lognormal(0, 0.8, count)),
    )


def rhythm_weights() -> Floats:
    """A row of 24 a rhythm for working days, then as many for weekends, two hours later."""
    weekdays = np.array([hours for hours, _ in RHYTHMS.values()], dtype=np.float64)
    return np.concatenate((weekdays, np.roll(weekdays, 2, axis=1)))


def _personalities(rng: np.random.Generator, count: int) -> Integers:
    others = {"F": "E", "T": "N", "L": "V", "C": "U"}
    has = {letter: rng.random(count) < share for letter, share in LETTERS.items()}
    number = np.zeros(count, dtype=np.int64)
    for position, code in enumerate(CODES):
        wanted = [letter if letter in code else others[letter] for letter in LETTERS]
        fits = np.ones(count, dtype=np.bool_)
        for letter, is_wanted in zip(LETTERS, wanted, strict=True):
            fits &= has[letter] == (letter == is_wanted)
        number[fits] = position
    return number


def _several(keys: Keys, stream: int, weights: Sequence[float], count: int) -> Integers:
    """For each key some positions in the weights; the same one may come twice, for a devotee."""
    columns = [
        np.searchsorted(shares(weights), uniform(hashed(keys, stream), number), side="right")
        for number in range(count)
    ]
    return np.stack(columns, axis=1).astype(np.int64)


def _ids(place: Integers, keys: Keys, *, seed: int) -> list[str]:
    firsts, lasts = {}, {}
    for number in np.unique(place).tolist():
        names = Faker(
            places()[number].locale, providers=["faker.providers.person"], use_weighting=False
        )
        names.seed_instance(seed)
        firsts[number] = [_as_id(names.first_name()) for _ in range(_NAMES_A_COUNTRY)]
        lasts[number] = [_as_id(names.last_name()) for _ in range(_NAMES_A_COUNTRY)]
    first = (uniform(keys, _OF_FIRST_NAME) * _NAMES_A_COUNTRY).astype(np.int64).tolist()
    last = (uniform(keys, _OF_LAST_NAME) * _NAMES_A_COUNTRY).astype(np.int64).tolist()
    columns = zip(place.tolist(), first, last, strict=True)
    return [
        f"{firsts[where][one]}.{lasts[where][two]}.{number}"
        for number, (where, one, two) in enumerate(columns, start=1)
    ]


def _as_id(name: str) -> str:
    return ".".join(name.lower().replace(".", " ").split())
