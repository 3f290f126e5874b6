"""What is answered: models that describe the answers in the API's description and in its tests."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

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


class Song(Sums):
    """A rank of the chart of songs."""

    rank: int
    song_id: Hex
    title: str | None
    artist: str | None


class Artist(Sums):
    """A rank of the chart of artists."""

    rank: int
    artist_id: Hex
    artist: str | None


class Album(Sums):
    """A rank of the chart of albums."""

    rank: int
    album_id: Hex
    album: str | None
    artist: str | None


class TopSongs(Dated):
    """A part of the chart of songs; `total` counts the whole chart."""

    items: list[Song]
    total: int


class TopArtists(Dated):
    """A part of the chart of artists; `total` counts the whole chart."""

    items: list[Artist]
    total: int


class TopAlbums(Dated):
    """A part of the chart of albums; `total` counts the whole chart."""

    items: list[Album]
    total: int


class Summary(Dated, Sums):
    """Sums over all music, distinct counts, and the sums of each kind."""

    songs: int
    artists: int
    albums: int
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
    """One listen."""

    event_id: Hex
    listener_id: str
    ended_at: datetime
    ms_played: int
    kind: str
    song_id: Hex | None
    title: str | None
    artist: str | None
    album: str | None
    genre: str | None
    platform: str | None
    country: str | None
    mood: str | None
    skipped: bool | None
    completed: bool | None
    rating: float | None
    duration_ms: int | None


class Recent(Dated):
    """The newest listens; `total` counts those that are answered."""

    items: list[Listen]
    total: int


class Imports(Answer):
    """Imports as the importer keeps account of them: read = new + duplicate + rejected."""

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


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    parameter: str | None = Field(None, description="The parameter that can't be used")
    known: list[str] | None = Field(None, description="What can be, where it's a short list")
