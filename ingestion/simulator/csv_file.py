"""A simulated `spotify_history.csv` in the columns of the public data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ingestion.simulator.catalogue import Catalogue, Integers, make_catalogue
from ingestion.simulator.names import csv_cells
from ingestion.simulator.sessions import ENDS, PLATFORMS, STARTS, Playbacks, make_playbacks

HEADER = (
    "spotify_track_uri,ts,platform,ms_played,track_name,artist_name,album_name,"
    "reason_start,reason_end,shuffle,skipped"
)
DUPLICATE_SHARE = 0.012
"""1,782 of the public data set's 149,860 rows repeat another one exactly."""
BLOCK_ROWS = 100_000


def write_history(
    path: Path, *, rows: int, seed: int, first_year: int, last_year: int, songs: int
) -> None:
    """Write a file; the same arguments give the same bytes."""
    rng = np.random.default_rng(seed)
    catalogue = make_catalogue(rng, songs)
    playbacks = make_playbacks(rng, catalogue, rows, first_year=first_year, last_year=last_year)
    order = _with_repeats(rng, rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER + "\n")
        for start in range(0, rows, BLOCK_ROWS):
            file.writelines(_lines(catalogue, playbacks, order[start : start + BLOCK_ROWS]))


def _with_repeats(rng: np.random.Generator, rows: int) -> Integers:
    """Row numbers, of which some are the one before once more."""
    order = np.arange(rows)
    repeats = rng.random(rows) < DUPLICATE_SHARE
    repeats[:1] = False
    return order - repeats


def _lines(catalogue: Catalogue, playbacks: Playbacks, order: Integers) -> Iterator[str]:
    songs = playbacks.song[order].tolist()
    names = {
        song: csv_cells(catalogue.titles[song], catalogue.artists[song], catalogue.albums[song])
        for song in set(songs)
    }
    platforms = [csv_cells(platform) for platform in PLATFORMS]
    starts, ends = (*STARTS, *ENDS), tuple(ENDS)
    times = np.datetime_as_string(
        (playbacks.ended_at_ms[order] // 1000).astype("datetime64[s]"), unit="s"
    )
    columns = zip(
        songs,
        np.char.replace(times, "T", " ").tolist(),
        playbacks.platform[order].tolist(),
        playbacks.ms_played[order].tolist(),
        playbacks.reason_start[order].tolist(),
        playbacks.reason_end[order].tolist(),
        playbacks.shuffle[order].tolist(),
        playbacks.skipped[order].tolist(),
        strict=True,
    )
    for song, ts, platform, ms, start, end, shuffle, skipped in columns:
        yield (
            f"{catalogue.ids[song]},{ts},{platforms[platform]},{ms},{names[song]},"
            f"{starts[start]},{ends[end]},{_text(shuffle)},{_text(skipped)}\n"
        )


def _text(value: bool) -> str:
    return "TRUE" if value else "FALSE"
