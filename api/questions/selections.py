"""What questions have in common: which listens are counted, what ranks them, and how it's shown."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.merging.reading import Slice
from api.questions.narrowing import SELECTED, slice_of
from api.questions.parameters import MAX_COUNT, Day, HeadSeq, SliceValue, Window, mistake
from api.web.problems import BadParameterError
from listens.relative_windows import NEWEST, NOW, RELATIVE
from listens.rules import DAYPARTS, RATES, SHOWN
from listens.windows import END_DAY as END_OF_TIME
from listens.windows import EXAMPLES, FIRST_DAY, Span, date_of, day_number, parse_window


class Query(BaseModel):
    """The base of all queries: a parameter that isn't known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    repeatable: ClassVar[frozenset[str]] = frozenset()
    """Parameters that can be given several times, each with another value."""


class ItemsQuery(Query):
    """How items are answered."""

    fields: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="Only these names of an item, separated by commas, in this order",
        examples=["rank,plays"],
    )
    format: Literal["json", "csv", "jsonl"] | None = Field(
        None,
        description="JSON, or a table as CSV or JSON Lines; without it, as the header `Accept` "
        "prefers",
    )


class WindowQuery(Query):
    """Which days are counted: a window or a range."""

    window: Window = Field(
        "all",
        description=f"A calendar window, such as {EXAMPLES}, or one relative to the present day of "
        "the reporting time zone, or to the newest day with music; not together with `from` or "
        "`to`",
        examples=["2026-01"],
    )
    from_: Day | None = Field(
        None, alias="from", description="First day that is counted; without it, from the beginning"
    )
    to: Day | None = Field(
        None, description="The day before which counting stops; without it, to the end"
    )

    head_seq: HeadSeq = None

    @model_validator(mode="after")
    def _is_one_span(self) -> Self:
        if self.from_ is None and self.to is None:
            return self
        if "window" in self.model_fields_set:
            raise mistake("window", "give a window, or from and to, not both")
        span = self._range
        if span.first >= span.end:
            raise mistake("to", "to must be later than from: the day `to` itself isn't counted")
        return self

    @property
    def reference(self) -> Literal["now", "newest"] | None:
        """What the window is relative to."""
        if self.window in NOW:
            return "now"
        return "newest" if self.window in NEWEST else None

    def span_on(self, day: int | None) -> Span:
        """The days that are asked for, where the window is relative to a day; of None, none."""
        if self.from_ is not None or self.to is not None:
            return self._range
        if self.reference is None:
            return parse_window(self.window)
        return Span(0, 0) if day is None else RELATIVE[self.window](date_of(day))

    @cached_property
    def _range(self) -> Span:
        first = FIRST_DAY if self.from_ is None else day_number(self.from_)
        return Span(first, END_OF_TIME if self.to is None else day_number(self.to))


class Selection(WindowQuery):
    """Which listens are counted: a window or a range of days, and a slice, or one by two."""

    listener: SliceValue = Field(None, description="Only this listener's listens")
    country: SliceValue = Field(None, description="Only listens in this country")
    platform: SliceValue = Field(None, description="Only listens on this platform")
    daypart: Literal[tuple(DAYPARTS)] | None = Field(  # type: ignore[valid-type]
        None,
        description="Only listens that ended in this part of the day: night from 22, morning "
        "from 6, afternoon from 12, evening from 18, reporting time zone; also together with a "
        "listener or a country",
    )
    personality: SliceValue = Field(None, description="Only listens of this personality")
    genre: SliceValue = Field(None, description="Only listens to this genre")
    mood: SliceValue = Field(None, description="Only listens in this mood")

    @model_validator(mode="after")
    def _is_one_slice(self) -> Self:
        try:
            slice_of(self._given)
        except BadParameterError as error:
            raise mistake(error.parameter, str(error)) from error
        return self

    @property
    def _given(self) -> dict[str, str]:
        values = {name: getattr(self, name) for name in SELECTED}
        return {name: value for name, value in values.items() if value is not None}

    @cached_property
    def slice_(self) -> Slice:
        """Whose listens are asked for."""
        return slice_of(self._given)


class Order(Query):
    """What ranks a chart."""

    by: Literal[(*SHOWN, *RATES)] = Field(  # type: ignore[valid-type]
        "plays", description="What ranks; ties are ordered by id"
    )
    order: Literal["desc", "asc"] = Field("desc", description="The greatest first, or the least")
    min_count: int = Field(
        0,
        ge=0,
        le=MAX_COUNT,
        description="Only keys with so many listens that the rate is taken over (streams, where "
        "`by` is a sum); a rate over nothing has no rank",
    )


class ComparedQuery(Query):
    """What an answer is compared with."""

    compare: Literal["previous"] | None = Field(
        None,
        description="Also tell what was in the period before: of whole months as many months, else "
        "as many days; needs a window with a beginning and an end",
    )
