"""What an item of an answer is: models for the API's description, its tables and its tests."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, create_model

from api.analyses.comparing import BEFORE
from api.analyses.rankings import RANKINGS, Ranking
from listens.views import VIEWS

Hex = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class Answer(BaseModel):
    """The base of all answers: nothing is in an answer that isn't described."""

    model_config = ConfigDict(extra="forbid")


class Sums(Answer):
    """Sums over listens."""

    streams: int = Field(description="Listens of more than 0 ms")
    plays: int = Field(description="Listens of 30 s or more")
    skips: int = Field(description="Listens that were skipped, and not completed")
    completed: int = Field(description="Listens to the end")
    ms_played: int = Field(description="Milliseconds heard")


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
    """A rank of a chart; with `compare` also what was in the period before."""

    rank: int
    listeners: int | None = Field(
        None,
        description="Distinct ones; only where they rank, and null where it can't be estimated",
    )
    listeners_error: float | None = Field(
        None,
        description="By which part of itself `listeners` may be off, in 95 of 100 cases; 0: exact",
    )
    rank_before: int | None = Field(None, description="null where it's new")
    rank_change: int | None = Field(None, description="Ranks risen; null where it's new")
    streams_before: int = 0
    plays_before: int = 0
    skips_before: int = 0
    completed_before: int = 0
    ms_played_before: int = 0


COMPARED = frozenset(("rank_before", "rank_change", *BEFORE))
"""The names that an item has only with `compare`."""

OF_LISTENERS = frozenset(("listeners", "listeners_error"))

SPECIAL = COMPARED | OF_LISTENERS
"""Names of an item that only some questions bring."""


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


def _named(ranking: Ranking) -> type[Item]:
    # A listener's name is null for those who may not see it.
    kind = str | None if ranking.key == "listener" else str
    fields: dict[str, Any] = {ranking.key: (kind, ...)}
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


AnyItem = reduce(or_, ITEMS.values())


class Rise(Answer):
    """What rises: its value in the window and in the period before, and its rank in both charts."""

    rank: int
    rise: int
    now: int
    before: int
    chart_rank: int
    chart_rank_before: int | None = Field(description="null where it wasn't heard before")


def _rising(ranking: Ranking) -> type[Rise]:
    item = ITEMS[ranking.view]
    fields: dict[str, Any] = {
        name: (item.model_fields[name].annotation, ...) for name in (ranking.key, *ranking.names)
    }
    about = f"What rises among {ranking.view}."
    return create_model(f"{item.__name__}Rise", __base__=Rise, __doc__=about, **fields)


RISES: dict[str, type[Rise]] = {view: _rising(ranking) for view, ranking in RANKINGS.items()}
"""View → the model of what rises in its charts."""


AnyRise = reduce(or_, RISES.values())


class Period(Sums):
    """One period; named like a window, an hour like `2026-01-13T05`."""

    period: str


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


class Import(Answer):
    """The account of an import; a name is missing until it's known."""

    model_config = ConfigDict(extra="allow")

    import_id: str
    listener_id: str | None = None
    file: str | None = None
    format: str | None = None
    state: str | None = None
    read: int | None = None
    new: int | None = None
    duplicate: int | None = None
    overlap: int | None = None
    rejected: int | None = None
    erased: int | None = None
    sent: int | None = None
    assumed: dict[str, Any] | None = None
    rejected_by_reason: dict[str, int] | None = None
    error: str | None = None
    started_at: datetime | None = None
    touched_at: datetime | None = None
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    bytes: int | None = None
    sha256: str | None = None
    rows: int | None = None
    upload_id: str | None = None
    bulk_load: int | None = None
    head_seq: int | None = None
    end_offsets: dict[str, int] | None = None


PARTIAL: tuple[type[Answer], ...] = (*ITEMS.values(), *RISES.values(), Period, Listen, Import)
"""Items, of which `fields` may leave out any name."""


def item_names(answer: type[Answer]) -> list[str]:
    """All names that an item of an answer may have; of groups, the items in them."""
    if "items" not in answer.model_fields:
        return []
    (item,) = get_args(answer.model_fields["items"].annotation)
    models = get_args(item) or (item,)
    return list(
        dict.fromkeys(
            name
            for model in models
            for name in item_names(model)
            or [field.alias or name for name, field in model.model_fields.items()]
        )
    )
