"""What is sent and answered where listens come in: models for the API's description and tests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from api.shapes.answers import Dated
from api.shapes.items import Answer


class Sent(BaseModel):
    """A listen that is sent; further fields and names as docs/formats.md has them."""

    model_config = ConfigDict(extra="allow")

    ts: str = Field(description="When it **ended**: ISO 8601, UTC where no zone is given")
    ms_played: int = Field(description="Milliseconds heard")
    track_name: str = Field(description="Title")
    artist_name: str | None = None
    album_name: str | None = None
    listener: str | None = Field(None, description="Who listened, unless the query says it")
    track_uri: str | None = None
    platform: str | None = None
    country: str | None = None


class SentTogether(BaseModel):
    """Some listens in an object."""

    listens: list[Sent]


class Sending(RootModel[SentTogether | list[Sent] | Sent]):
    """A listen, or some; as JSON Lines, one a line."""


class Rejected(Answer):
    """A row that was not accepted."""

    row: int = Field(description="Its place, from 1")
    reason: str
    why: str


class Accepted(Answer):
    """read = accepted + duplicate + rejected."""

    read: int
    accepted: int = Field(description="On Kafka; one that was sent before is counted once")
    duplicate: int = Field(description="Rows of an event that an earlier row has brought")
    rejected: int
    rejections: list[Rejected]


class TrackMetadata(BaseModel):
    """What was heard."""

    model_config = ConfigDict(extra="allow")

    artist_name: str
    track_name: str
    release_name: str | None = None
    additional_info: dict[str, Any] = Field(default_factory=dict)


class SubmittedListen(BaseModel):
    """A listen of the protocol."""

    listened_at: int | None = Field(None, description="When it began, in seconds since 1970")
    track_metadata: TrackMetadata


class Submitted(BaseModel):
    """A submission of the protocol."""

    listen_type: Literal["single", "import", "playing_now"]
    payload: list[SubmittedListen] = Field(min_length=1, max_length=1000)


class Done(Answer):
    """A submission was taken as a whole."""

    status: Literal["ok"]


class TokenValidity(Answer):
    """Whether a token is somebody's."""

    code: Literal[200]
    message: str
    valid: bool
    user_name: str | None = None


class UserListen(Answer):
    """A listen as the protocol shows it."""

    listened_at: int
    recording_msid: str
    user_name: str
    track_metadata: TrackMetadata


class UserListensPayload(Answer):
    """A listener's listens, the newest first."""

    user_id: str
    count: int
    listens: list[UserListen]
    latest_listen_ts: int = Field(description="0 where nothing is kept")
    oldest_listen_ts: int


class UserListens(Dated):
    """A listener's newest listens."""

    payload: UserListensPayload


class CountPayload(Answer):
    """How many listens there are."""

    count: int


class ListenCount(Dated):
    """How many listens a listener has."""

    payload: CountPayload


class PlayingTrack(Answer):
    """What is heard right now."""

    playing_now: Literal[True]
    track_metadata: TrackMetadata


class PlayingPayload(Answer):
    """One track, or none."""

    user_id: str
    count: int
    playing_now: Literal[True]
    listens: list[PlayingTrack]


class PlayingNow(Answer):
    """What a listener hears right now."""

    payload: PlayingPayload


class ProtocolError(Answer):
    """An error below `/1/`."""

    code: int
    error: str
