"""The songs that simulated listeners choose from, the popular ones first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.simulator import names

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SONGS_PER_ARTIST = 8
SONGS_PER_ALBUM = 5
_ZIPF_SHIFT = 2.7
"""Mandelbrot's shift: without it the first song alone would take a tenth of all listens."""


@dataclass(frozen=True)
class Catalogue:
    """Songs by rank; position `n` is the n-th most popular.

    Attributes:
        duration_ms: length of each whole track.
        cumulated: share of the listens that go to this song or a more popular one.
    """

    titles: list[str]
    artists: list[str]
    albums: list[str]
    ids: list[str]
    duration_ms: Integers
    cumulated: Floats

    def pick(self, rng: np.random.Generator, count: int) -> Integers:
        """Positions of songs, by popularity."""
        return np.searchsorted(self.cumulated, rng.random(count)).astype(np.int64)


def make_catalogue(rng: np.random.Generator, songs: int) -> Catalogue:
    """A catalogue whose popularity follows Zipf's law."""
    artist_count = max(1, songs // SONGS_PER_ARTIST)
    artist_of = (rng.random(songs) ** 2 * artist_count).astype(np.int64)
    artists = names.artist_names(artist_count)
    album_of = (rng.random(songs) * -(-SONGS_PER_ARTIST // SONGS_PER_ALBUM) * 2).astype(np.int64)
    minutes = np.clip(rng.normal(3.5, 0.8, songs), 1.2, 12)
    weights = 1 / (np.arange(songs) + _ZIPF_SHIFT)
    return Catalogue(
        titles=names.song_titles(songs),
        artists=[artists[position] for position in artist_of],
        albums=[_album(a, n) for a, n in zip(artist_of.tolist(), album_of.tolist(), strict=True)],
        ids=names.track_ids(rng, songs),
        duration_ms=(minutes * 60_000).astype(np.int64),
        cumulated=_shares(weights),
    )


def _shares(weights: Floats) -> Floats:
    cumulated = np.cumsum(weights)
    shares: Floats = cumulated / cumulated[-1]
    return shares


def _album(artist: int, number: int) -> str:
    first = names.FIRST[(artist + 3 * number) % len(names.FIRST)]
    return f"{first} {names.SECOND[(artist * 5 + number) % len(names.SECOND)]}"


def choose(rng: np.random.Generator, options: Mapping[Any, float], count: int) -> Integers:
    """Positions in `options`, each as often as its weight says."""
    shares = _shares(np.array(list(options.values()), dtype=np.float64))
    return np.searchsorted(shares, rng.random(count)).astype(np.int64)
