"""What is answered: models that describe the answers in the API's description and in its tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from api.shapes.items import ITEMS, Answer, AnyItem, AnyRise, Import, Listen, Period, Rated, Sums


class AsOf(Answer):
    """The moment that an answer is about: it counts exactly the events before `offsets`."""

    batch_version: int = Field(description="0 before the first batch")
    cut_seq: int = Field(description="Last speed commit that the batch version holds")
    head_seq: int = Field(description="Last speed commit that is counted")
    offsets: dict[str, int] = Field(description="Kafka partition → offset of the next event")
    at: datetime | None = Field(description="When the last commit was made; null without data")


class Dated(Answer):
    """An answer about one moment."""

    as_of: AsOf


class DaysCounted(Answer):
    """The days that an answer is about; all are null while there are none."""

    window: str | None = Field(description="The calendar window of just these days, if any")
    from_: str | None = Field(alias="from", description="First day; null: from the beginning")
    to: str | None = Field(description="The day after the last; null: to the end")


class OfDays(Dated):
    """An answer about some days at one moment."""

    period: DaysCounted


class Chart(OfDays):
    """A part of a chart; `total` counts the whole chart."""

    items: list[Any]
    total: int
    listeners_are: Literal["exact", "estimated"] | None = Field(
        None, description="Only with `by=listeners`: estimated from a part of the listeners or not"
    )


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


class TopsOfValue(Answer):
    """The first ranks within one value of a slice; `total` counts the chart."""

    value: str
    items: list[AnyItem]  # type: ignore[valid-type]
    total: int


class Tops(OfDays):
    """The first ranks for each value of a slice; `total` counts the values."""

    items: list[TopsOfValue]
    total: int


class HourOfWeek(Sums):
    """One of 168 hours; Monday is 1."""

    weekday: int
    hour: int


class Rhythm(OfDays):
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


class Trending(OfDays):
    """What rises; `total` counts all that does."""

    items: list[AnyRise]  # type: ignore[valid-type]
    total: int


class Totals(Rated):
    """Sums over all music, distinct counts, and the sums of each kind.

    A count is null where the catalogue doesn't have the slice.
    """

    songs: int | None
    artists: int | None
    albums: int | None
    kinds: dict[str, Sums]
    first_day: str | None = Field(description="First day with data, of any kind")
    last_day: str | None = Field(description="Last day with data, of any kind")


class TotalsBefore(Totals):
    """The same of the period before."""

    period: DaysCounted


class Summary(OfDays, Totals):
    """The totals of a selection."""

    before: TotalsBefore | None = Field(None, description="Only with `compare`")


class Timeline(OfDays):
    """Periods without a gap."""

    items: list[Period]
    total: int


class Recent(Dated):
    """The newest listens that fit."""

    items: list[Listen]
    next: str | None = Field(description="Asks for what comes after; null at the end")
    total: int = Field(description="How many of those that are kept fit")
    kept: int = Field(description="How many are kept")


class Imports(Dated):
    """The accounts of imports: read = new + duplicate + overlap + rejected + erased."""

    items: list[Import]
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


class CheckDone(Answer):
    """One thing that was looked at."""

    ok: bool
    age_seconds: float | None = Field(description="Since it last reported; null where it doesn't")


class Ready(Answer):
    """Store and data are fit."""

    status: str
    checks: dict[str, CheckDone]


class Me(Answer):
    """Who the asker is, and what they may."""

    access: bool = Field(description="Whether anybody is asked who they are")
    kind: str = Field(description="local (access is off), user, token or link")
    name: str
    role: str | None = Field(description="admin, listener or viewer; null of others than users")
    listener: str | None = Field(description="Whose listens the scopes are about; null: everyone's")
    scopes: list[str]
    sees_everyone: bool = Field(description="Whether every listener's name and listens are shown")


class Config(Answer):
    """What the dashboard must know of the settings."""

    poll_seconds: float
    time_zone: str
    upload_max_mb: int
    slices_of: dict[str, list[str]] = Field(description="Ranking → by what it can be narrowed")


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    parameter: str | None = Field(None, description="The parameter that can't be used")
    known: list[str] | None = Field(None, description="What can be, where it's a short list")
