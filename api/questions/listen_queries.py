"""What can be asked of single listens: by what they are filtered, and from where on they come."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from api.questions.parameters import HeadSeq, mistake
from api.questions.selections import ItemsQuery, Query
from listens.identity import HASH_BYTES
from listens.rules import KINDS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"(\d{1,18})(?:-(\d{1,9}))?", re.ASCII)
_CURSOR = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)
_MILLISECONDS_BYTES = 8

Text = Annotated[str, Field(min_length=1, max_length=256)]
Rating = Annotated[int, Field(ge=1, le=5)]
_RATINGS = range(1, 6)


def cursor_of(ended_at: datetime, event_id: bytes) -> str:
    """A listen's place in the order of time; opaque to those who page."""
    moment = (ended_at - _EPOCH) // timedelta(milliseconds=1)
    packed = moment.to_bytes(_MILLISECONDS_BYTES, "big") + event_id
    return base64.urlsafe_b64encode(packed).decode()


def _cursor(text: str) -> str:
    if not _CURSOR.fullmatch(text):
        raise ValueError("is no `next` of an answer")
    _place_in_time(text)
    return text


def _place_in_time(text: str) -> tuple[datetime, bytes]:
    try:
        packed = base64.urlsafe_b64decode(text)
        moment = int.from_bytes(packed[:-HASH_BYTES], "big")
        return _EPOCH + timedelta(milliseconds=moment), packed[-HASH_BYTES:]
    except OverflowError as error:
        raise ValueError("is no `next` of an answer") from error


@dataclass(frozen=True, order=True)
class Place:
    """A listen's place in the order of commits: all of `seq`, or up to a listen within it."""

    seq: int
    place: float = float("inf")

    @property
    def whole_commits(self) -> int:
        """The last commit of which everything lies before."""
        return self.seq if self.place == float("inf") else self.seq - 1

    def __str__(self) -> str:
        within = "" if self.place == float("inf") else f"-{self.place}"
        return f"{self.seq}{within}"


def parse_place(text: str) -> Place:
    """The place that an event's id names.

    Raises:
        ValueError: it's no such id.
    """
    if not (found := _PLACE.fullmatch(text)):
        raise ValueError("is no id of an event of this stream, such as 42-7")
    return Place(int(found[1])) if found[2] is None else Place(int(found[1]), int(found[2]))


def _event_id(text: str) -> str:
    parse_place(text)
    return text


Cursor = Annotated[
    str,
    AfterValidator(_cursor),
    WithJsonSchema({"type": "string", "pattern": f"^{_CURSOR.pattern}$"}),
]
EventId = Annotated[
    str,
    AfterValidator(_event_id),
    WithJsonSchema({"type": "string", "pattern": f"^{_PLACE.pattern}$"}),
]


class ListenFilter(Query):
    """Which listens are answered: those that fit every parameter, with any of its values."""

    repeatable: ClassVar[frozenset[str]] = frozenset(
        {"artist", "genre", "platform", "country", "mood", "rating", "listener", "kind",
         "interaction", "personality"}
    )  # fmt: skip

    artist: tuple[Text, ...] = Field(
        (), description="Only this artist, whatever the case and spaces"
    )
    genre: tuple[Text, ...] = Field((), description="Only this genre, like `artist`")
    platform: tuple[Text, ...] = Field((), description="Only this platform")
    country: tuple[Text, ...] = Field((), description="Only this country (ISO 3166, like DE)")
    mood: tuple[Text, ...] = Field((), description="Only this mood, like `artist`")
    rating: tuple[Rating, ...] = Field((), description="Only this rating, 1 to 5")
    min_rating: Rating | None = Field(None, description="Only this rating or a higher one")
    max_rating: Rating | None = Field(None, description="Only this rating or a lower one")
    listener: tuple[Text, ...] = Field((), description="Only this listener")
    kind: tuple[Literal[KINDS], ...] = Field((), description="Only this kind")  # type: ignore[valid-type]
    interaction: tuple[Text, ...] = Field((), description="Only this interaction")
    personality: tuple[Text, ...] = Field((), description="Only this personality")
    skipped: bool | None = Field(None, description="Only listens that were skipped, or weren't")
    completed: bool | None = Field(None, description="Only listens to the end, or others")

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self._between:
            raise mistake("max_rating", "max_rating must not be less than min_rating")
        return self

    @property
    def _between(self) -> range:
        """The ratings from the least to the greatest that is asked for."""
        return range(self.min_rating or _RATINGS[0], (self.max_rating or _RATINGS[-1]) + 1)

    @property
    def wanted(self) -> dict[str, tuple[Any, ...]]:
        """Field → the values that fit; fields that were not asked for are left out."""
        several = {name: getattr(self, name) for name in sorted(self.repeatable)}
        single = {name: getattr(self, name) for name in ("skipped", "completed")}
        chosen: dict[str, tuple[Any, ...]]
        chosen = {name: (value,) for name, value in single.items() if value is not None}
        chosen |= {name: values for name, values in several.items() if values}
        if self.min_rating or self.max_rating:
            chosen["rating"] = tuple(
                each for each in chosen.get("rating", _RATINGS) if each in self._between
            )
        return chosen


class RecentQuery(ItemsQuery, ListenFilter):
    """A part of the newest listens."""

    limit: int = Field(50, ge=1, le=1000, description="How many items at most")
    next: Cursor | None = Field(None, description="Go on where the answer with this `next` ended")
    head_seq: HeadSeq = None

    @cached_property
    def after(self) -> tuple[datetime, bytes] | None:
        """The last listen that was answered before."""
        return None if self.next is None else _place_in_time(self.next)


class StreamQuery(ListenFilter):
    """The listens as they are counted."""

    last_event_id: EventId | None = Field(
        None,
        description="Go on after this event, as the header Last-Event-ID does, which goes first; "
        "without either, from now on",
    )
