"""What can be asked: one frozen model a route, from which the API's description is made too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self, TypeVar, get_args

from flask import request
from pydantic import Field, ValidationError, model_validator

from api.analyses.hours import PeriodGrain
from api.analyses.rankings import RANKINGS
from api.questions.narrowing import SELECTED
from api.questions.parameters import Duration, HeadSeq, Moment, minutes_of, mistake
from api.questions.selections import ComparedQuery, ItemsQuery, Order, Query, Selection, WindowQuery
from api.web.problems import BadParameterError
from listens.relative_windows import RELATIVE
from listens.rules import RATES, SHOWN
from listens.windows import EXAMPLES

MAX_OFFSET = 10_000_000


class PageQuery(WindowQuery):
    """The days that a page is about."""


class SummaryQuery(ComparedQuery, Selection):
    """The totals of a selection."""


class TopQuery(ItemsQuery, ComparedQuery, Order, Selection):
    """A part of a chart."""

    by: Literal[(*SHOWN, *RATES, "listeners")] = Field(  # type: ignore[valid-type]
        "plays",
        description="What ranks; ties are ordered by id. `listeners` counts distinct ones, of "
        "everyone's listens, and estimates them where there are very many",
    )
    limit: int = Field(50, ge=1, le=1000, description="How many items at most")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="How many ranks to leave out")


class TopsQuery(ItemsQuery, Order, WindowQuery):
    """The first ranks of a chart for each value of a slice."""

    entity: Literal[tuple(RANKINGS)] = Field(  # type: ignore[valid-type]
        description="What is ranked"
    )
    per: Literal[SELECTED] = Field(description="For each value of this slice")  # type: ignore[valid-type]
    limit: int = Field(1, ge=1, le=50, description="How many items a value at most")
    values: int = Field(100, ge=1, le=500, description="How many values at most")


class TrendingQuery(ItemsQuery, Selection):
    """What rises."""

    entity: Literal[tuple(RANKINGS)] = Field(  # type: ignore[valid-type]
        "songs", description="What is ranked"
    )
    by: Literal[SHOWN] = Field("plays", description="What rises")  # type: ignore[valid-type]
    limit: int = Field(50, ge=1, le=1000, description="How many items at most")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="How many ranks to leave out")


class WindowsQuery(ItemsQuery, Order):
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
    head_seq: HeadSeq = None

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


class TimelineQuery(ItemsQuery, Selection):
    """Sums by period."""

    grain: PeriodGrain = Field("day", description="How long a period is; weeks are ISO weeks")


class ImportsQuery(ItemsQuery):
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
        hint = f"; {', '.join(known)}" if known else ""
        return BadParameterError(parameter, f"{parameter} is needed{hint}", known)
    message = str(error["msg"]).removeprefix("Value error, ")
    detail = f"{parameter}={error['input']!r}: {message}"
    return BadParameterError(parameter, detail, _known_values(model, parameter))


def _known_values(model: type[Query], parameter: str) -> list[str]:
    if parameter == "window":
        return [*EXAMPLES.split(", "), *RELATIVE]
    annotation = parameters_of(model)[parameter].annotation
    options = [annotation, *get_args(annotation)]
    return [
        value
        for option in options
        if getattr(option, "__origin__", None) is Literal
        for value in get_args(option)
    ]
