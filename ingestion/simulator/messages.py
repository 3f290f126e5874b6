"""Simulated listens of many listeners, as they are sent to Kafka."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ingestion.platforms import folded
from ingestion.simulator.catalogue import Catalogue, choose, make_catalogue
from ingestion.simulator.sessions import ENDS, PLATFORMS, STARTS, Playbacks, make_playbacks
from listens import identity
from listens.codec import encode

SOURCE = "simulator"
COUNTRIES = {
    "US": 25.0, "DE": 20.0, "IN": 15.0, "BR": 12.0, "GB": 10.0, "FR": 8.0, "JP": 6.0, "KE": 4.0,
}  # fmt: skip
BLOCK_ROWS = 100_000


def simulate_listens(
    *,
    rows: int,
    seed: int,
    listeners: int = 1,
    songs: int = 5_000,
    first_year: int = 2019,
    last_year: int = 2024,
) -> Iterator[tuple[str, bytes]]:
    """Yield `(listener_id, encoded listen)`; the same arguments give the same messages.

    A listener keeps their country, and a session has one listener and one platform. Everything
    is in order of time, so that listeners are interleaved as in a live stream.
    """
    rng = np.random.default_rng(seed)
    catalogue = make_catalogue(rng, songs)
    playbacks = make_playbacks(rng, catalogue, rows, first_year=first_year, last_year=last_year)
    sessions = int(playbacks.session.max()) + 1 if rows else 0
    # Squared: a few heavy listeners and many light ones.
    owner = (rng.random(sessions) ** 2 * listeners).astype(np.int64)
    country = choose(rng, COUNTRIES, listeners)
    for start in range(0, rows, BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        who = owner[playbacks.session[block]]
        yield from _messages(catalogue, playbacks, block, who.tolist(), country[who].tolist())


def _messages(
    catalogue: Catalogue, playbacks: Playbacks, block: slice, who: list[int], country: list[int]
) -> Iterator[tuple[str, bytes]]:
    platforms, countries = tuple(PLATFORMS), tuple(COUNTRIES)
    starts, ends = (*STARTS, *ENDS), tuple(ENDS)
    columns = zip(
        who,
        country,
        playbacks.song[block].tolist(),
        playbacks.ended_at_ms[block].tolist(),
        playbacks.ms_played[block].tolist(),
        playbacks.platform[block].tolist(),
        playbacks.reason_start[block].tolist(),
        playbacks.reason_end[block].tolist(),
        playbacks.shuffle[block].tolist(),
        playbacks.skipped[block].tolist(),
        strict=True,
    )
    for owner, home, song, ended_at, ms, platform, start, end, shuffle, skipped in columns:
        listener_id = f"listener-{owner}"
        title, artist = catalogue.titles[song], catalogue.artists[song]
        album = catalogue.albums[song]
        song_id = identity.song_id(artist, title)
        yield (
            listener_id,
            encode(
                {
                    "event_id": identity.event_id(listener_id, ended_at, song_id, ms, 0),
                    "listener_id": listener_id,
                    "ended_at": ended_at,
                    "ms_played": ms,
                    "kind": "music",
                    "song_id": song_id,
                    "title": title,
                    "artist": artist,
                    "artist_id": identity.artist_id(artist),
                    "album": album,
                    "album_id": identity.album_id(artist, album),
                    "uri": f"spotify:track:{catalogue.ids[song]}",
                    "duration_ms": int(catalogue.duration_ms[song]),
                    "platform": folded(platforms[platform]),
                    "platform_raw": platforms[platform],
                    "country": countries[home],
                    "reason_start": starts[start] or None,
                    "reason_end": ends[end] or None,
                    "shuffle": shuffle,
                    "skipped": skipped,
                    "source": SOURCE,
                }
            ),
        )
