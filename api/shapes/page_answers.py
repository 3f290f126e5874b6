"""What pages are answered with, and the search that leads to them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.shapes.answers import Dated, OfDays
from api.shapes.items import Answer, AnyItem, Hex, Period, Rated, Sums
from listens.rules import TENTHS

Histogram = Annotated[
    list[int],
    Field(
        min_length=TENTHS,
        max_length=TENTHS,
        description="Streams by the tenth of the track that was heard; the last one holds whole "
        "tracks. Of streams whose track's length is known",
    ),
]


class Favourites(Answer):
    """The first of a chart; `total` counts it."""

    items: list[AnyItem]  # type: ignore[valid-type]
    total: int


class Subject(OfDays, Rated):
    """What every page has: sums in the window, the rank by plays, and when it is heard."""

    rank: int | None = Field(description="null where the window has nothing of it")
    first_day: str | None
    last_day: str | None
    history: list[Period] = Field(description="Months without a gap")
    dayparts: dict[str, Sums]


class Work(Subject):
    """A song, artist or album, and who listens to it; `listeners.total` says how many do.

    An artist also has songs and albums.
    """

    listeners: Favourites
    songs: Favourites | None = None
    albums: Favourites | None = None
    drop_off: Histogram | None = Field(description="null where it isn't counted")
    song_id: Hex | None = None
    artist_id: Hex | None = None
    album_id: Hex | None = None
    title: str | None = None
    artist: str | None = None
    album: str | None = None


class DropOff(OfDays):
    """Where tracks are left."""

    drop_off: Histogram
    streams: int = Field(description="Streams of known length: the sum of the histogram")
    average_heard: float | None = Field(description="Share of the track that was heard")


class GenrePage(Subject):
    """A genre with its songs, artists and listeners."""

    genre: str
    songs: Favourites
    artists: Favourites
    listeners: Favourites


class Found(Favourites):
    """What fits, the most played first; `rank` counts it, and so does `total`."""

    is_complete: bool = Field(
        description="false where more fits than is looked at: then only what stands among the "
        "most played is found"
    )


class SearchResult(Dated):
    """What a search finds among each entity; those that weren't asked for are left out."""

    songs: Found | None = None
    artists: Found | None = None
    albums: Found | None = None
    genres: Found | None = None
    listeners: Found | None = None


class LongestSession(Answer):
    """The longest run of listening; times are of the reporting zone."""

    from_: str = Field(alias="from")
    to: str
    minutes: int
    ms_played: int


class Sessions(Answer):
    """Runs of listening that no pause of more than 30 minutes breaks."""

    count: int
    average_minutes: float | None
    longest: LongestSession | None


class Streak(Answer):
    """Days in a row."""

    first: str
    last: str
    days: int


class PersonalityAxis(Answer):
    """One of four axes: the share that decides, and the end that it comes to."""

    name: str
    letter: str | None
    value: float | None
    threshold: float
    ends: list[str]


class ListenerPage(Subject):
    """A listener: favourites, habits and personality in the window."""

    listener: str
    songs: Favourites
    artists: Favourites
    albums: Favourites
    genres: Favourites
    days: int = Field(description="Days on which something was heard")
    longest_streak: Streak | None
    discoveries: dict[str, int] = Field(description="Month → songs heard for the first time")
    sessions: Sessions
    personality: str | None = Field(description="Four letters; null where an axis isn't known")
    axes: list[PersonalityAxis]
