"""The songs that simulated listeners choose from, the popular ones first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.simulator import names
from ingestion.simulator.draws import Booleans, Floats, Integers, choose


@dataclass(frozen=True)
class Genre:
    """What its songs are like.

    Attributes:
        weight: how much of it there is, and is liked.
        danceability, energy: of a typical song, 0 to 1.
        minutes: length of a typical song.
    """

    weight: float
    danceability: float
    energy: float
    minutes: float


GENRES: dict[str, Genre] = {
    "pop": Genre(20, 0.66, 0.66, 3.4),
    "hip hop": Genre(16, 0.76, 0.64, 3.3),
    "rock": Genre(15, 0.50, 0.74, 4.0),
    "electronic": Genre(9, 0.70, 0.80, 4.3),
    "latin": Genre(8, 0.76, 0.72, 3.5),
    "r&b": Genre(7, 0.64, 0.50, 3.7),
    "indie": Genre(6, 0.56, 0.56, 3.7),
    "country": Genre(4, 0.57, 0.62, 3.4),
    "k-pop": Genre(4, 0.68, 0.78, 3.3),
    "afrobeats": Genre(3, 0.78, 0.68, 3.2),
    "metal": Genre(2.5, 0.38, 0.92, 4.8),
    "jazz": Genre(2, 0.50, 0.34, 5.2),
    "folk": Genre(1.8, 0.48, 0.32, 3.9),
    "classical": Genre(1.5, 0.26, 0.20, 6.0),
    "ambient": Genre(1, 0.30, 0.16, 5.5),
}

SONGS_PER_ARTIST = 8
SONGS_PER_ALBUM = 5
YEARS_OF_MUSIC = 70
"""The oldest songs are so many years older than the last year of the history."""

_ZIPF_SHIFT = 2.7
"""Mandelbrot's shift: without it the first song alone would take a tenth of all listens."""
_RARE_FROM = 0.3
"""Songs below this share of the ranks are the ones that few people know."""
_RARE_WEIGHT_OF_HITS = 0.02


@dataclass(frozen=True)
class Catalogue:
    """Songs by rank; position `n` is the n-th most popular.

    Attributes:
        artist: number of the artist.
        album: number among the artist's albums.
        genre: position in `GENRES`.
        year: of release.
        popularity: 0 to 100.
        danceability, energy: 0 to 1.
        duration_ms: length of each whole track.
        ids: of 22 characters, as services give them to tracks.
        by_artist: the songs, artist after artist.
        artist_begin: where in `by_artist` each artist begins, and the end.
        _by_year: the songs by genre, then year.
        _bounds: where in `_by_year` the songs of a genre since a year begin: a row a genre, a
            column a year from `_first_year` on.
        _cumulated: weights in the order of `_by_year`: of hits, then of rarities.
    """

    artist: Integers
    album: Integers
    genre: Integers
    year: Integers
    popularity: Integers
    danceability: Floats
    energy: Floats
    duration_ms: Integers
    ids: names.TrackIds
    by_artist: Integers
    artist_begin: Integers
    _by_year: Integers
    _bounds: Integers
    _first_year: int
    _cumulated: Floats

    def __len__(self) -> int:
        return len(self.artist)

    def title(self, song: int) -> str:
        """The title of one song."""
        return names.title(song)

    def artist_name(self, song: int) -> str:
        """The name of one song's artist."""
        return names.artist(int(self.artist[song]))

    def album_name(self, song: int) -> str:
        """The title of one song's album."""
        return names.album(int(self.artist[song]), int(self.album[song]))

    def track_id(self, song: int) -> str:
        """The id of one song."""
        return bytes(self.ids[song]).decode()

    def pick(
        self, genre: Integers, *, since: Integers, until: Integers, rare: Booleans, draw: Floats
    ) -> Integers:
        """A song of each genre, released in `since … until` (years, both included).

        Hits by Zipf's law, or those that few know; `draw` is in [0, 1). A genre without a song
        of these years gives one of any year until then, or at last any song.
        """
        low, high = self._bound(genre, since), self._bound(genre, until + 1)
        begin, end = self._bounds[genre, 0], self._bounds[genre, -1]
        low = np.where(low < high, low, begin)
        empty = low >= high
        low, high = np.where(empty, begin, low), np.where(empty, end, high)
        empty = low >= high
        low, high = np.where(empty, 0, low), np.where(empty, len(self), high)
        base = np.where(rare, len(self) + 1, 0)
        floor, ceiling = self._cumulated[base + low], self._cumulated[base + high]
        found = np.searchsorted(self._cumulated, floor + draw * (ceiling - floor), side="right")
        picked: Integers = self._by_year[np.clip(found - 1 - base, low, high - 1)]
        return picked

    def _bound(self, genre: Integers, year: Integers) -> Integers:
        column = np.clip(year - self._first_year, 0, self._bounds.shape[1] - 1)
        found: Integers = self._bounds[genre, column]
        return found


def make_catalogue(rng: np.random.Generator, songs: int, *, last_year: int) -> Catalogue:
    """A catalogue whose popularity follows Zipf's law, with music up to a year."""
    artist = _artists_by_rank(rng, songs)
    artists = int(artist.max()) + 1
    by_artist = np.argsort(artist, kind="stable")
    artist_begin = np.searchsorted(artist[by_artist], np.arange(artists + 1))
    number = np.empty(songs, dtype=np.int64)
    number[by_artist] = np.arange(songs) - artist_begin[artist[by_artist]]
    album = number // SONGS_PER_ALBUM
    weights = {name: about.weight for name, about in GENRES.items()}
    genre = choose(rng, weights, artists)[artist]
    year = np.minimum(_debuts(rng, artists, last_year)[artist] + 2 * album, last_year)
    by_year, bounds = _index(genre, year, first_year=last_year - YEARS_OF_MUSIC)
    minutes = np.clip(_typical("minutes", genre) * rng.normal(1, 0.2, songs), 1.2, 15)
    return Catalogue(
        artist=artist,
        album=album,
        genre=genre,
        year=year,
        popularity=_popularity(songs),
        danceability=_between_0_and_1(rng, _typical("danceability", genre)),
        energy=_between_0_and_1(rng, _typical("energy", genre)),
        duration_ms=(minutes * 60_000).astype(np.int64),
        ids=names.track_ids(rng, songs),
        by_artist=by_artist,
        artist_begin=artist_begin,
        _by_year=by_year,
        _bounds=bounds,
        _first_year=last_year - YEARS_OF_MUSIC,
        _cumulated=_cumulated(songs, by_year),
    )


def _debuts(rng: np.random.Generator, artists: int, last_year: int) -> Integers:
    """Much of what is listened to is young: half of all artists began in the last 18 years."""
    debuts: Integers = last_year - (rng.random(artists) ** 2 * YEARS_OF_MUSIC).astype(np.int64)
    return debuts


def _index(genre: Integers, year: Integers, *, first_year: int) -> tuple[Integers, Integers]:
    """The songs by genre and year, and for both where in that order the first song is."""
    by_year = np.lexsort((np.arange(len(genre)), year, genre))
    columns = YEARS_OF_MUSIC + 2
    keys = (genre * columns + year - first_year)[by_year]
    wanted = np.arange(len(GENRES))[:, None] * columns + np.arange(columns)
    return by_year, np.searchsorted(keys, wanted)


def _typical(feature: str, genre: Integers) -> Floats:
    values: Floats = np.array([getattr(about, feature) for about in GENRES.values()])[genre]
    return values


def _artists_by_rank(rng: np.random.Generator, songs: int) -> Integers:
    """Whose the song of each rank is: who has one hit mostly has several."""
    artists = max(1, songs // SONGS_PER_ARTIST)
    artist = (rng.random(songs) ** 1.5 * artists).astype(np.int64)
    score = rng.normal(0, 1, artists)[artist] + rng.normal(0, 0.7, songs)
    return artist[np.argsort(-score, kind="stable")]


def _popularity(songs: int) -> Integers:
    ranks = np.arange(songs)
    popularity: Integers = np.rint(100 * (1 - np.log1p(ranks) / np.log1p(songs))).astype(np.int64)
    return popularity


def _between_0_and_1(rng: np.random.Generator, typical: Floats) -> Floats:
    spread = np.clip(typical + rng.normal(0, 0.12, len(typical)), 0, 1)
    rounded: Floats = np.round(spread, 3)
    return rounded


def _cumulated(songs: int, by_year: Integers) -> Floats:
    """Cumulated weights in the order of `by_year`: those of hits, then those of rarities."""
    ranks = np.arange(songs)
    hits = 1 / (ranks + _ZIPF_SHIFT)
    rare = np.where(ranks >= songs * _RARE_FROM, 1.0, _RARE_WEIGHT_OF_HITS)
    parts = [np.concatenate(([0.0], np.cumsum(weights[by_year]))) for weights in (hits, rare)]
    cumulated: Floats = np.concatenate((parts[0], parts[0][-1] + parts[1]))
    return cumulated
