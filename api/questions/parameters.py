"""What a parameter's text may be, and what is made of it."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from listens.relative_windows import RELATIVE
from listens.windows import parse_window

MAX_COUNT = 10**12

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$", re.ASCII)
_DURATION = re.compile(r"^([1-9]\d{0,2}m|[1-9]\d?h)$", re.ASCII)


def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError("a date is written like 2026-01-13")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"there's no day {text}") from error


def _moment(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError("a moment is written like 2026-01-13T05:30")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"there's no moment {text}") from error


def minutes_of(duration: str) -> int:
    """The minutes of a `Duration`."""
    return int(duration[:-1]) * {"m": 1, "h": 60}[duration[-1]]


def _window(text: str) -> str:
    if text not in RELATIVE:
        parse_window(text)
    return text


def mistake(parameter: str, message: str) -> PydanticCustomError:
    """What a validator raises of a parameter that doesn't go with another."""
    return PydanticCustomError("mistake", "{message}", {"parameter": parameter, "message": message})


Day = Annotated[date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "pattern": _MOMENT.pattern}),
]
HeadSeq = Annotated[
    int | None,
    Field(
        ge=0,
        le=MAX_COUNT,
        description="Answer as of this speed commit, `as_of.head_seq` of an answer before, so that "
        "pages fit together while listens come in; 410 once it can't be told any more",
    ),
]
Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Duration = Annotated[str, Field(pattern=_DURATION.pattern)]
SliceValue = Annotated[str | None, Field(min_length=1, max_length=256)]
Window = Annotated[
    str,
    AfterValidator(_window),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["all", *RELATIVE]},
                {"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?|-W\d{2})?$"},
            ]
        }
    ),
]
