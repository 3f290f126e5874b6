"""What can be asked: one frozen model a route, from which the API's description is made too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal, Self, TypeVar, get_args

from flask import request
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from api.hours import PeriodGrain
from api.narrowing import SELECTED, slice_of
from api.parameters import Day, Duration, Moment, SliceValue, Window, minutes_of
from api.problems import BadParameterError
from api.rankings import RANKINGS
from api.reading import Slice
from listens.rules import DAYPARTS, RATES, SHOWN
from listens.windows import END_DAY as END_OF_TIME
from listens.windows import EXAMPLES, FIRST_DAY, Span, day_number, parse_window

MAX_OFFSET = 10_000_000
MAX_COUNT = 10**12


class Query(BaseModel):
    """The base of all queries: a parameter that isn't known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    repeatable: ClassVar[frozenset[str]] = frozenset()
    """Parameters that can be given several times, each with another value."""


class WindowQuery(Query):
    """Which days are counted: a window or a range."""

    window: Window = Field(
        "all",
        description=f"A calendar window: {EXAMPLES}; not together with `from` or `to`",
        examples=["2026-01"],
    )
    from_: Day | None = Field(
        None, alias="from", description="First day that is counted; without it, from the beginning"
    )
    to: Day | None = Field(
        None, description="The day before which counting stops; without it, to the end"
    )

    @model_validator(mode="after")
    def _is_one_span(self) -> Self:
        if self.from_ is None and self.to is None:
            return self
        if "window" in self.model_fields_set:
            raise mistake("window", "give a window, or from and to, not both")
        if self.span.first >= self.span.end:
            raise mistake("to", "to must be later than from: the day `to` itself isn't counted")
        return self

    @cached_property
    def span(self) -> Span:
        """The days that are asked for."""
        if self.from_ is None and self.to is None:
            return parse_window(self.window)
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


class PageQuery(WindowQuery):
    """The days that a page is about."""


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


class TopQuery(Selection, Order):
    """A part of a chart."""

    by: Literal[(*SHOWN, *RATES, "listeners")] = Field(  # type: ignore[valid-type]
        "plays",
        description="What ranks; ties are ordered by id. `listeners` counts distinct ones, of "
        "everyone's listens",
    )
    limit: int = Field(50, ge=1, le=1000, description="How many items at most")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="How many ranks to leave out")


class TopsQuery(WindowQuery, Order):
    """The first ranks of a chart for each value of a slice."""

    entity: Literal[tuple(RANKINGS)] = Field(  # type: ignore[valid-type]
        description="What is ranked"
    )
    per: Literal[SELECTED] = Field(description="For each value of this slice")  # type: ignore[valid-type]
    limit: int = Field(1, ge=1, le=50, description="How many items a value at most")
    values: int = Field(100, ge=1, le=500, description="How many values at most")


class TrendingQuery(Selection):
    """What rises."""

    entity: Literal[tuple(RANKINGS)] = Field(  # type: ignore[valid-type]
        "songs", description="What is ranked"
    )
    by: Literal[SHOWN] = Field("plays", description="What rises")  # type: ignore[valid-type]
    limit: int = Field(50, ge=1, le=1000, description="How many items at most")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="How many ranks to leave out")


class WindowsQuery(Order):
    """Windows to the minute."""

    entity: Literal["genres", "artists", "songs"] = Field("genres", description="What is ranked")
    size: Duration = Field(
        "1h", description="How long a window is: minutes or hours", examples=["1m", "6h"]
    )
    step: Duration | None = Field(
        None, description="How far the next one begins after it; without it, they don't overlap"
    )
    from_: Moment | None = Field(
        None, alias="from", description="The first window begins then or later, reporting zone"
    )
    to: Moment | None = Field(None, description="The last window begins before")
    count: int = Field(
        24, ge=1, le=1440, description="Without `from`: so many windows, up to the newest listen"
    )
    limit: int = Field(10, ge=1, le=100, description="How many items a window at most")

    @property
    def minutes(self) -> tuple[int, int]:
        """Size and step in minutes."""
        size = minutes_of(self.size)
        return size, size if self.step is None else minutes_of(self.step)

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.to is not None and (self.from_ is None or self.to <= self.from_):
            raise mistake("to", "to needs a `from`, and must be later")
        if self.from_ is not None and "count" in self.model_fields_set:
            raise mistake("count", "give count, or from and to, not both")
        return self


class TimelineQuery(Selection):
    """Sums by period."""

    grain: PeriodGrain = Field("day", description="How long a period is; weeks are ISO weeks")


class ImportsQuery(Query):
    """A part of the ledger of imports, the newest first."""

    limit: int = Field(50, ge=1, le=1000, description="How many items at most")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="How many imports to leave out")


class SlicesQuery(Query):
    """The values that slices have."""

    limit: int = Field(1000, ge=1, le=10_000, description="How many values a slice at most")


class NoQuery(Query):
    """No parameter at all."""


Q = TypeVar("Q", bound=Query)


def parse(model: type[Q]) -> Q:
    """The query of the current request.

    Raises:
        BadParameterError: a parameter is unknown, given twice or has a value that can't be used.
    """
    return parsed(model, request.args.lists())


def parsed(model: type[Q], parameters: Iterable[tuple[str, list[str]]]) -> Q:
    """As `parse`, of any parameters.

    Raises:
        BadParameterError: a parameter is unknown, given twice or has a value that can't be used.
    """
    given: dict[str, str | list[str]] = {}
    for name, values in parameters:
        if len(values) > 1 and name not in model.repeatable:
            raise BadParameterError(name, f"{name} is given {len(values)} times; give it once")
        given[name] = values if name in model.repeatable else values[0]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _bad_parameter(model, error.errors()[0]) from error


def parameters_of(model: type[Query]) -> dict[str, Any]:
    """Parameter name → field."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def mistake(parameter: str, message: str) -> PydanticCustomError:
    """What a validator raises of a parameter that can't be used; `message` is the whole detail."""
    return PydanticCustomError("mistake", "{message}", {"parameter": parameter, "message": message})


def _bad_parameter(model: type[Query], error: Mapping[str, Any]) -> BadParameterError:
    parameter = str(error.get("ctx", {}).get("parameter") or error["loc"][0])
    if error["type"] == "extra_forbidden":
        known = list(parameters_of(model))
        hint = f"known parameters: {', '.join(known)}" if known else "this route takes none"
        return BadParameterError(parameter, f"no parameter {parameter!r}; {hint}", known)
    if error["type"] == "mistake":
        return BadParameterError(parameter, error["msg"])
    if error["type"] == "missing":
        known = _known_values(model, parameter)
        return BadParameterError(parameter, f"{parameter} is needed; {', '.join(known)}", known)
    message = str(error["msg"]).removeprefix("Value error, ")
    detail = f"{parameter}={error['input']!r}: {message}"
    return BadParameterError(parameter, detail, _known_values(model, parameter))


def _known_values(model: type[Query], parameter: str) -> list[str]:
    if parameter == "window":
        return EXAMPLES.split(", ")
    annotation = parameters_of(model)[parameter].annotation
    options = [annotation, *get_args(annotation)]
    return [
        value
        for option in options
        if getattr(option, "__origin__", None) is Literal
        for value in get_args(option)
    ]
