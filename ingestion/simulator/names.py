"""Names of songs, artists and albums that nobody recorded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TrackIds = NDArray[np.bytes_]

FIRST = (
    "Amber", "Borrowed", "Copper", "Distant", "Eleventh", "Folded", "Glass", "Hollow", "Indigo",
    "Juniper", "Kindled", "Little", "Midnight", "Northern", "Open", "Paper", "Quiet", "Rusted",
    "Silver", "Tidal", "Umber", "Velvet", "Winter", "Yellow", "Zephyr", "Café", "Größte",
)  # fmt: skip
SECOND = (
    "Anchors", "Bridges", "Carousel", "Doorways", "Echoes", "Ferries", "Gardens", "Harbour",
    "Islands", "Junction", "Kites", "Lanterns", "Meridian", "Notebooks", "Orchard", "Postcards",
    "Quarry", "Rivers", "Stations", "Telegraph", "Umbrellas", "Valley", "Windows", "Years",
)  # fmt: skip
THIRD = (
    "", "", "", " (Live)", " (Acoustic)", ", Part Two", " - Remastered", " at Dawn", " in Rain",
    " for Two", ", Again", ' ("Demo")',
)  # fmt: skip

_BASE62 = np.frombuffer(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype="S1"
)
ID_CHARACTERS = 22
_EVERY_BAND = 11


def title(number: int) -> str:
    """Different titles; plain ones first, numbered ones after the words are used up."""
    # Steps that share no factor with the lengths spread neighbours over all words.
    rest, first = divmod(number, len(FIRST))
    rest, second = divmod(rest, len(SECOND))
    volume, third = divmod(rest, len(THIRD))
    words = f"{FIRST[first]} {SECOND[(second + 5 * first) % len(SECOND)]}{THIRD[third]}"
    return f"{words} No. {volume + 1}" if volume else words


def artist(number: int) -> str:
    """Different names."""
    rest, second = divmod(number, len(SECOND))
    generation, first = divmod(rest, len(FIRST))
    name = f"The {FIRST[(first * 7 + second) % len(FIRST)]} {SECOND[second]}"
    if number % _EVERY_BAND == 0:
        name = f"{name}, Sons & Co."
    return f"{name} {generation + 1}" if generation else name


def album(artist_number: int, number: int) -> str:
    """The title of an artist's album; those of one artist differ."""
    rest, first = divmod(artist_number + 3 * number, len(FIRST))
    second = (artist_number * 5 + number + rest) % len(SECOND)
    volume = f" {number // len(FIRST) + 1}" if number >= len(FIRST) else ""
    return f"{FIRST[first]} {SECOND[second]}{volume}"


def track_ids(rng: np.random.Generator, count: int) -> TrackIds:
    """Ids of 22 characters, as services give them to tracks."""
    picked = _BASE62[(rng.random((count, ID_CHARACTERS)) * 62).astype(np.int64)]
    return picked.view(f"S{ID_CHARACTERS}").ravel()
