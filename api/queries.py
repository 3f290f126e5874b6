"""What can be asked: one frozen model a route, from which the API's description is made too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from flask import request
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from api.hours import PeriodGrain
from api.problems import BadParameterError
from api.reading import Slice
from listens.rules import DAYPARTS
from listens.views import SLICES
from listens.windows import END_DAY as END_OF_TIME
from listens.windows import EXAMPLES, FIRST_DAY, Span, day_number, parse_window

MAX_OFFSET = 10_000_000

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError("a date is written like 2026-01-13")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"there's no day {text}") from error


def _window(text: str) -> str:
    parse_window(text)
    return text


Day = Annotated[date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
SliceValue = Annotated[str | None, Field(min_length=1, max_length=256)]


class Query(BaseModel):
    """The base of all queries: a parameter that isn't known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Selection(Query):
    """Which listens are counted: a window or a range of days, and at most one slice."""

    window: Annotated[str, BeforeValidator(_window)] = Field(
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
    listener: SliceValue = Field(None, description="Only this listener's listens")
    country: SliceValue = Field(None, description="Only listens in this country")
    platform: SliceValue = Field(None, description="Only listens on this platform")
    daypart: Literal[DAYPARTS] | None = Field(  # type: ignore[valid-type]
        None,
        description="Only listens that ended in this part of the day: night from 22, morning "
        "from 6, afternoon from 12, evening from 18, reporting time zone",
    )

    @model_validator(mode="after")
    def _is_one_span(self) -> Self:
        if self.from_ is None and self.to is None:
            return self
        if "window" in self.model_fields_set:
            raise _mistake("window", "give a window, or from and to, not both")
        if self.span.first >= self.span.end:
            raise _mistake("to", "to must be later than from: the day `to` itself isn't counted")
        return self

    @model_validator(mode="after")
    def _is_one_slice(self) -> Self:
        given = [name for name in SLICES if getattr(self, name) is not None]
        if len(given) > 1:
            raise _mistake(given[1], f"give one of {', '.join(given)}: slices can't be combined")
        return self

    @cached_property
    def span(self) -> Span:
        """The days that are asked for."""
        if self.from_ is None and self.to is None:
            return parse_window(self.window)
        first = FIRST_DAY if self.from_ is None else day_number(self.from_)
        return Span(first, END_OF_TIME if self.to is None else day_number(self.to))

    @cached_property
    def slice_(self) -> Slice:
        """Whose listens are asked for."""
        for by in SLICES:
            value = getattr(self, by)
            if value is not None:
                return Slice(by, value)
        return Slice()


class TopQuery(Selection):
    """A part of a chart."""

    by: Literal["plays", "ms_played", "streams", "skips"] = Field(
        "plays", description="What ranks: the greatest first, ties by id"
    )
    limit: int = Field(50, ge=1, le=1000, description="How many items at most")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="How many ranks to leave out")


class TimelineQuery(Selection):
    """Sums by period."""

    grain: PeriodGrain = Field("day", description="How long a period is; weeks are ISO weeks")


class RecentQuery(Query):
    """The newest listens."""

    limit: int = Field(50, ge=1, le=1000, description="How many items at most")


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
    single: dict[str, str] = {}
    for name, values in parameters:
        if len(values) > 1:
            raise BadParameterError(name, f"{name} is given {len(values)} times; give it once")
        single[name] = values[0]
    try:
        return model.model_validate(single)
    except ValidationError as error:
        raise _bad_parameter(model, error.errors()[0]) from error


def parameters_of(model: type[Query]) -> dict[str, Any]:
    """Parameter name → field."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _mistake(parameter: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("mistake", "{message}", {"parameter": parameter, "message": message})


def _bad_parameter(model: type[Query], error: Mapping[str, Any]) -> BadParameterError:
    parameter = str(error.get("ctx", {}).get("parameter") or error["loc"][0])
    if error["type"] == "extra_forbidden":
        known = list(parameters_of(model))
        hint = f"known parameters: {', '.join(known)}" if known else "this route takes none"
        return BadParameterError(parameter, f"no parameter {parameter!r}; {hint}", known)
    if error["type"] == "mistake":
        return BadParameterError(parameter, error["msg"])
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
