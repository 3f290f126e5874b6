"""The catalogue: what is counted, by whom, as data.

A pair (view, slice) costs one cell for each distinct key, window and slice value that a listen
touches; this table is the dial between usefulness and cost (docs/views.md has what each costs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from listens.rules import MUSIC, OF_KNOWN_LENGTH, TENTH, named

EVERYONE = "everyone"

Finest = Literal["day", "hour", "minute"]

SEPARATOR = "/"
"""Between the two values of a slice by two; the second one never has it."""


@dataclass(frozen=True)
class View:
    """One chart family.

    Attributes:
        name: as in the store and in the catalogue.
        key: what is ranked (SQL over a listen); 16 bytes, or text when `key_type` is text.
        finest: the finest window that is kept.
        slices: by what its charts can be narrowed.
        where: which listens count (SQL over a listen).
        finest_only: slices of which the batch layer stores the finest cells alone, and no sums
            over months, years and all time: of charts that are many and small, or that are read
            by the minute.
        counted: always, or as the setting `optional_views` says; what costs more than it's worth
            to most is counted only where it's asked for.
    """

    name: str
    key: str
    key_type: Literal["id", "text"]
    finest: Finest
    slices: tuple[str, ...]
    where: str = MUSIC
    finest_only: tuple[str, ...] = ()
    counted: Literal["always", "by default", "on request"] = "always"


SLICES: dict[str, str] = {
    "listener": "listener_id",
    "country": named("country"),
    "platform": named("platform"),
    "daypart": "daypart",
    "personality": named("personality"),
    "genre": named("genre"),
    "mood": named("mood"),
    "country+daypart": f"concat({named('country')}, '{SEPARATOR}', daypart)",
    "listener+daypart": f"concat(listener_id, '{SEPARATOR}', daypart)",
    "song": "lower(hex(song_id))",
    "artist": "lower(hex(artist_id))",
    "album": "lower(hex(album_id))",
}
"""Slice → what it narrows by (SQL over a listen). A listen without the value is in no such slice.

One by two is named after both; its values are those of both with SEPARATOR between.
"""

_WHO = ("listener", "country", "platform", "daypart")
_BY_TWO = ("country+daypart", "listener+daypart")
_WHAT = ("personality", "genre", "mood", *_BY_TWO)

VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        View("songs", "song_id", "id", "day", (EVERYONE, *_WHO, *_WHAT), finest_only=_BY_TWO),
        View("artists", "artist_id", "id", "day", (EVERYONE, *_WHO, *_WHAT), finest_only=_BY_TWO),
        View("albums", "album_id", "id", "day", (EVERYONE, *_WHO)),
        View("totals", "kind", "text", "hour", (EVERYONE, *_WHO, "personality", "genre", "mood"),
             where="true"),
        View("genres", named("genre"), "text", "day",
             (EVERYONE, "listener", "country", "daypart", "personality", "country+daypart"),
             finest_only=_BY_TWO),
        View("platforms", named("platform"), "text", "day",
             (EVERYONE, "listener", "country", "daypart", "personality")),
        View("countries", named("country"), "text", "day",
             (EVERYONE, "listener", "platform", "daypart", "personality")),
        View("moods", named("mood"), "text", "day",
             (EVERYONE, "listener", "country", "daypart", "personality")),
        View("personalities", named("personality"), "text", "day",
             (EVERYONE, "country", "daypart")),
        View("interactions", named("interaction"), "text", "day",
             (EVERYONE, "listener", "personality")),
        View("years", "CAST(year AS STRING)", "text", "day",
             (EVERYONE, "listener", "personality"),
             where=f"{MUSIC} AND year BETWEEN 1000 AND 9999"),
        View("listeners", "listener_id", "text", "day",
             (EVERYONE, "country", "platform", "daypart", "personality", "genre")),
        # Who heard a song, an artist or an album, and when: its page in one chart.
        View("audience", "listener_id", "text", "hour", ("song", "artist", "album"),
             finest_only=("song", "artist", "album")),
        View("genre_minutes", named("genre"), "text", "minute", (EVERYONE,),
             finest_only=(EVERYONE,)),
        View("artist_minutes", "artist_id", "id", "minute", (EVERYONE,), finest_only=(EVERYONE,)),
        View("song_minutes", "song_id", "id", "minute", (EVERYONE,), finest_only=(EVERYONE,)),
        # When a listener's listens ended, to the minute: sessions are made of it.
        View("listener_minutes", "kind", "text", "minute", ("listener",),
             finest_only=("listener",)),
        # Where tracks are left, by the tenth.
        View("tenths", TENTH, "text", "day", (EVERYONE, "song"),
             where=f"{MUSIC} AND {OF_KNOWN_LENGTH}", finest_only=(EVERYONE, "song"),
             counted="by default"),
        View("artist_tenths", TENTH, "text", "day", ("artist", "album"),
             where=f"{MUSIC} AND {OF_KNOWN_LENGTH}", finest_only=("artist", "album"),
             counted="on request"),
    )
}  # fmt: skip

OPTIONAL = tuple(view.name for view in VIEWS.values() if view.counted != "always")
"""The views that a setting adds or leaves out. Data says for itself which of them it counts."""

BY_DEFAULT = tuple(view.name for view in VIEWS.values() if view.counted == "by default")

PAIRS: tuple[tuple[str, str], ...] = tuple(
    (view.name, by) for view in VIEWS.values() for by in view.slices
)
"""Every (view, slice); its index here is `pair` in a frame of cells, and part of checksums: new
ones come last."""


def has_longer(view: str, by: str) -> bool:
    """Whether the batch layer stores charts of months, years and all time besides those of days."""
    return by not in VIEWS[view].finest_only
