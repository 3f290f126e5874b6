"""What is answered: models that describe the answers in the API's description and in its tests."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from api.rankings import RANKINGS, Ranking
from listens.views import VIEWS

Hex = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class Answer(BaseModel):
    """The base of all answers: nothing is in an answer that isn't described."""

    model_config = ConfigDict(extra="forbid")


class AsOf(Answer):
    """The moment that an answer is about: it counts exactly the events before `offsets`."""

    batch_version: int = Field(description="0 before the first batch")
    cut_seq: int = Field(description="Last speed commit that the batch version holds")
    head_seq: int = Field(description="Last speed commit that is counted")
    offsets: dict[str, int] = Field(description="Kafka partition → offset of the next event")
    at: datetime | None = Field(description="When the last commit was made; null without data")


class Sums(Answer):
    """Sums over listens."""

    streams: int = Field(description="Listens of more than 0 ms")
    plays: int = Field(description="Listens of 30 s or more")
    skips: int = Field(description="Listens that were skipped, and not completed")
    completed: int = Field(description="Listens to the end")
    ms_played: int = Field(description="Milliseconds heard")


class Dated(Answer):
    """An answer about one moment."""

    as_of: AsOf


class Rates(Answer):
    """Quotients of sums; null over nothing."""

    average_ms_played: float | None = Field(description="Milliseconds heard a stream")
    skip_rate: float | None = Field(description="Skips, of all listens")
    completion_rate: float | None = Field(description="Completed ones, of all listens")
    average_rating: float | None = Field(description="1 to 5, of the listens with a rating")
    average_heard: float | None = Field(
        description="Share of the track that was heard, of the streams of known length"
    )
    average_age: float | None = Field(description="Years of the listener, where known")
    ratings: int = Field(description="Listens with a rating")


class Rated(Sums, Rates):
    """Sums, and rates over them."""


class Item(Rated):
    """A rank of a chart."""

    rank: int


class Song(Item):
    """A rank of a chart of songs."""

    song_id: Hex
    title: str | None
    artist: str | None


class Artist(Item):
    """A rank of a chart of artists."""

    artist_id: Hex
    artist: str | None


class Album(Item):
    """A rank of a chart of albums."""

    album_id: Hex
    album: str | None
    artist: str | None


class Chart(Dated):
    """A part of a chart; `total` counts the whole chart."""

    items: list[Any]
    total: int


def _named(ranking: Ranking) -> type[Item]:
    fields: dict[str, Any] = {ranking.key: (str, ...)}
    name = ranking.key.capitalize()
    about = f"A rank of a chart of {ranking.view}."
    return create_model(name, __base__=Item, __doc__=about, **fields)


ITEMS: dict[str, type[Item]] = {
    "songs": Song,
    "artists": Artist,
    "albums": Album,
    **{
        ranking.view: _named(ranking)
        for ranking in RANKINGS.values()
        if VIEWS[ranking.view].key_type == "text"
    },
}
"""View → the model of a rank of its charts."""

TOPS: dict[str, type[Chart]] = {
    view: create_model(
        f"Top{view.capitalize()}",
        __base__=Chart,
        __doc__=f"A part of a chart of {view}; `total` counts the whole chart.",
        items=(list[item], ...),  # type: ignore[valid-type]
    )
    for view, item in ITEMS.items()
}
"""View → the model of a part of its charts."""

AnyItem = reduce(or_, ITEMS.values())


class TopsOfValue(Answer):
    """The first ranks within one value of a slice; `total` counts the chart."""

    value: str
    items: list[AnyItem]  # type: ignore[valid-type]
    total: int


class Tops(Dated):
    """The first ranks for each value of a slice; `total` counts the values."""

    items: list[TopsOfValue]
    total: int


class HourOfWeek(Sums):
    """One of 168 hours; Monday is 1."""

    weekday: int
    hour: int


class Rhythm(Dated):
    """When music is heard: by hour of the week, part of the day, and by day and night."""

    hours: list[HourOfWeek]
    dayparts: dict[str, Rated]
    day: Rated
    night: Rated


class Windowed(Answer):
    """The first ranks of one window; times are of the reporting zone."""

    from_: str = Field(alias="from")
    to: str
    items: list[AnyItem]  # type: ignore[valid-type]
    total: int


class Windows(Dated):
    """Windows in their order."""

    items: list[Windowed]
    total: int


class Rise(Answer):
    """What rises: its value in the window and in the period before, and its rank in both charts."""

    model_config = ConfigDict(extra="allow")

    rank: int
    rise: int
    now: int
    before: int
    chart_rank: int
    chart_rank_before: int | None = Field(description="null where it wasn't heard before")


class Trending(Dated):
    """What rises; `total` counts all that does."""

    items: list[Rise]
    total: int


class Summary(Dated, Rated):
    """Sums over all music, distinct counts, and the sums of each kind.

    A count is null where the catalogue doesn't have the slice.
    """

    songs: int | None
    artists: int | None
    albums: int | None
    kinds: dict[str, Sums]
    first_day: str | None = Field(description="First day with data, of any kind")
    last_day: str | None = Field(description="Last day with data, of any kind")


class Period(Sums):
    """One period; named like a window, an hour like `2026-01-13T05`."""

    period: str


class Timeline(Dated):
    """Periods without a gap."""

    items: list[Period]
    total: int


class Listen(Answer):
    """One listen; `skipped` and `completed` as the rules say."""

    event_id: Hex
    listener_id: str
    ended_at: datetime
    ms_played: int
    seconds_played: float
    percent_played: float | None = Field(description="Of the track's length; null without it")
    duration_ms: int | None = Field(description="Length of the whole track")
    kind: str
    song_id: Hex | None
    title: str | None
    artist: str | None
    album: str | None
    genre: str | None
    platform: str | None
    country: str | None
    city: str | None
    mood: str | None
    personality: str | None
    interaction: str | None
    skipped: bool
    completed: bool
    rating: float | None


class Recent(Dated):
    """The newest listens that fit."""

    items: list[Listen]
    next: str | None = Field(description="Asks for what comes after; null at the end")
    total: int = Field(description="How many of those that are kept fit")
    kept: int = Field(description="How many are kept")


class Imports(Answer):
    """The accounts of imports: read = new + duplicate + overlap + rejected."""

    items: list[dict[str, Any]]
    total: int


class SliceValues(Answer):
    """The first values of a slice; `total` counts them all."""

    items: list[str]
    total: int


class Slices(Dated):
    """The values of all slices."""

    listener: SliceValues
    country: SliceValues
    platform: SliceValues
    daypart: SliceValues
    personality: SliceValues
    genre: SliceValues
    mood: SliceValues


class Status(Dated):
    """What the layers say of themselves; members are null before they first did."""

    pointer: dict[str, Any] | None
    versions: list[dict[str, Any]]
    commits: list[dict[str, Any]]
    archive: dict[str, Any] | None
    streaming: dict[str, Any] | None
    rules_version: int
    time_zone: str


class Health(Answer):
    """The process answers."""

    status: str


class Config(Answer):
    """What the dashboard must know of the settings."""

    poll_seconds: float
    time_zone: str
    slices_of: dict[str, list[str]] = Field(description="Ranking → by what it can be narrowed")


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    parameter: str | None = Field(None, description="The parameter that can't be used")
    known: list[str] | None = Field(None, description="What can be, where it's a short list")
