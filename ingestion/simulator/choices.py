"""Which song is played: what the sixteen personalities do, all listens at once.

Everything is drawn from one key a listen. A familiar listen takes its key from the listener and
one of a few numbers instead of by chance, and so comes to the same song again and again.
"""

from __future__ import annotations

import numpy as np

from ingestion.simulator.catalogue import Catalogue
from ingestion.simulator.draws import Booleans, Floats, Integers, Keys, hashed, uniform
from ingestion.simulator.listeners import GENRES_LIKED, Listeners

FAVOURITES = 40
"""Songs that a listener comes back to, at a time."""
LOYAL_TO = 5
"""Artists that a loyal listener stays with."""

FAMILIAR_SHARE = {"F": 0.85, "E": 0.12}
LOYAL_SHARE = {"L": 0.9, "V": 0.05}
OLD_SHARE = {"T": 0.85, "N": 0.05}
NEW_SHARE = {"T": 0.03, "N": 0.85}
RARE_SHARE = {"U": 0.85, "C": 0.05}

OLD_YEARS = 15
NEW_YEARS = 2
TASTE_SHARE = 0.8
"""Listens of a genre that the listener likes; the others may be of any."""

_FAMILIAR, _FAVOURITE, _LOYAL, _ARTIST, _GENRE, _LIKED, _OTHER, _AGE, _RARE, _RANK, _OF_ARTIST = (
    range(11)
)
# Favourite songs and artists of one listener have nothing to do with each other.
_SONGS_OF, _ARTISTS_OF = 100, 101


def choose_songs(
    catalogue: Catalogue,
    listeners: Listeners,
    *,
    listener: Integers,
    year: Integers,
    by_chance: Keys,
) -> Integers:
    """A song for each listen, out by its year.

    Args:
        catalogue: what there is.
        listeners: all of them.
        listener: who listens, position in `listeners`.
        year: in which each listen is.
        by_chance: a random key for each listen.
    """
    own = listeners.keys[listener]
    familiar = _happens(listeners, listener, FAMILIAR_SHARE, uniform(by_chance, _FAMILIAR))
    slot = _skewed(uniform(by_chance, _FAVOURITE), FAVOURITES)
    key = np.where(familiar, hashed(hashed(own, _SONGS_OF) + slot, 0), by_chance)
    loyal = _happens(listeners, listener, LOYAL_SHARE, uniform(key, _LOYAL))
    artist_slot = _skewed(uniform(key, _ARTIST), LOYAL_TO)
    anchor = np.where(loyal, hashed(hashed(own, _ARTISTS_OF) + artist_slot, 0), key)
    song = _of_the_market(catalogue, listeners, listener=listener, year=year, key=anchor)
    same_artist = _of_the_artist(catalogue, song, uniform(key, _OF_ARTIST))
    stays = loyal & (catalogue.year[same_artist] <= year)
    return np.where(stays, same_artist, song)


def _of_the_market(
    catalogue: Catalogue, listeners: Listeners, *, listener: Integers, year: Integers, key: Keys
) -> Integers:
    """A song by taste, age and fame."""
    liked = listeners.genres[listener, _skewed(uniform(key, _LIKED), GENRES_LIKED).astype(np.int64)]
    other = catalogue.genre[(uniform(key, _OTHER) * len(catalogue)).astype(np.int64)]
    in_taste = uniform(key, _GENRE) < TASTE_SHARE
    age = uniform(key, _AGE)
    is_old = _happens(listeners, listener, OLD_SHARE, age)
    is_new = _happens(listeners, listener, NEW_SHARE, 1 - age)
    return catalogue.pick(
        np.where(in_taste, liked, other),
        since=np.where(is_new, year - NEW_YEARS, 0),
        until=np.where(is_old, year - OLD_YEARS, year),
        rare=_happens(listeners, listener, RARE_SHARE, uniform(key, _RARE)),
        draw=uniform(key, _RANK),
    )


def _of_the_artist(catalogue: Catalogue, song: Integers, draw: Floats) -> Integers:
    """Any song by the artist of a song."""
    artist = catalogue.artist[song]
    begin, end = catalogue.artist_begin[artist], catalogue.artist_begin[artist + 1]
    found: Integers = catalogue.by_artist[begin + (draw * (end - begin)).astype(np.int64)]
    return found


def _happens(
    listeners: Listeners, listener: Integers, share: dict[str, float], draw: Floats
) -> Booleans:
    """Whether each draw falls within the share of the listener's letter."""
    (letter, with_letter), (_, without) = share.items()
    limit = np.where(listeners.has(letter, listener), with_letter, without)
    happens: Booleans = draw < limit
    return happens


def _skewed(draw: Floats, count: int) -> Keys:
    """A number below `count`, the small ones more often."""
    return (draw**2 * count).astype(np.uint64)
