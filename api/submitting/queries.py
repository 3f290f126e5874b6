"""What can be asked of the routes by which listens come in, and of the ListenBrainz protocol."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from api.questions.selections import Query

MOST_USER_LISTENS = 1_000

Second = Annotated[int, Field(ge=-(10**11), le=10**11)]
"""Since 1970, within what any calendar has."""


class SubmitQuery(Query):
    """Whose listens are sent."""

    listener: str | None = Field(
        None, description="Whose all listens are; without it, each says whose it is"
    )


class TokenQuery(Query):
    """A token of the ListenBrainz protocol."""

    token: str | None = Field(
        None, description="The token; without it, that of the header Authorization"
    )


class UserListensQuery(Query):
    """A part of a listener's listens, as the ListenBrainz protocol asks for it."""

    count: int = Field(25, ge=0, description="How many listens at most; 1,000 where it's more")
    max_ts: Second | None = Field(None, description="Only listens that began before, in seconds")
    min_ts: Second | None = Field(None, description="Only listens that began after, in seconds")

    @field_validator("min_ts")
    @classmethod
    def _is_a_range(cls, min_ts: int | None, info: ValidationInfo) -> int | None:
        max_ts = info.data.get("max_ts")
        if min_ts is not None and max_ts is not None and min_ts >= max_ts:
            raise ValueError("min_ts must be less than max_ts")
        return min_ts

    @property
    def most(self) -> int:
        """Listens that are answered."""
        return min(self.count, MOST_USER_LISTENS)
