"""The catalogue: what is counted, by whom, as data.

A pair (view, slice) costs one cell for each distinct key, day and slice value that a listen
touches; this table is the dial between usefulness and cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from listens import rules

EVERYONE = "everyone"


@dataclass(frozen=True)
class View:
    """One chart family.

    Attributes:
        name: as in the store and in the catalogue.
        key: the listen's column that is ranked; 16 bytes, or text when `key_type` is text.
        finest: the finest window that is kept.
        slices: by what its charts can be narrowed.
        where: which listens count (SQL over a listen).
    """

    name: str
    key: str
    key_type: Literal["id", "text"]
    finest: Literal["day", "hour"]
    slices: tuple[str, ...]
    where: str


SLICES: dict[str, str] = {
    "listener": "listener_id",
    "country": "country",
    "platform": "platform",
    "daypart": "daypart",
}
"""Slice → the column that it narrows by. A listen without the value is in no such slice."""

_ALL_SLICES = (EVERYONE, *SLICES)

VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        View("songs", "song_id", "id", "day", _ALL_SLICES, rules.MUSIC),
        View("artists", "artist_id", "id", "day", _ALL_SLICES, rules.MUSIC),
        View("albums", "album_id", "id", "day", _ALL_SLICES, rules.MUSIC),
        View("totals", "kind", "text", "hour", _ALL_SLICES, "true"),
    )
}

PAIRS: tuple[tuple[str, str], ...] = tuple(
    (view.name, by) for view in VIEWS.values() for by in view.slices
)
"""Every (view, slice); its index here is `pair` in a frame of cells."""
