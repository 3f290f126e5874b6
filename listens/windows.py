"""Calendar windows: parsing their names, and covering a span with few stored ones.

A day is counted from 1970-01-01 in the reporting time zone; spans are half-open.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from listens.errors import UserMistakeError

EPOCH = date(1970, 1, 1)
HOURS_A_DAY = 24
MINUTES_A_DAY = 1440

A_DAY = {"day": 1, "hour": HOURS_A_DAY, "minute": MINUTES_A_DAY}
"""The finest windows of views → how many of them a day has."""

Grain = Literal["day", "month", "year", "all"]
"""What a stored batch chart spans; `day` charts keep the days of one month apart."""

FIRST_DAY = (date.min - EPOCH).days
END_DAY = (date.max - EPOCH).days + 1

_YEAR = re.compile(r"\d{4}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

EXAMPLES = "all, 2026, 2026-01, 2026-W03, 2026-01-13"


@dataclass(frozen=True)
class Span:
    """Days from `first` until before `end`."""

    first: int
    end: int

    @property
    def is_all(self) -> bool:
        """Whether every day that can be is within."""
        return (self.first, self.end) == (FIRST_DAY, END_DAY)


ALL = Span(FIRST_DAY, END_DAY)


@dataclass(frozen=True)
class Piece:
    """A stored window, and the days that are wanted of it."""

    grain: Grain
    window: str
    span: Span


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def date_of(day: int) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=day)


def parse_window(name: str) -> Span:
    """The span of a window's name: `all`, a year, a month, an ISO week or a day.

    Raises:
        UserMistakeError: there's no such window.
    """
    try:
        return _parse(name)
    except (ValueError, OverflowError) as error:
        raise UserMistakeError(f"no window {name!r}; windows are named like {EXAMPLES}") from error


def _parse(name: str) -> Span:
    if name == "all":
        return ALL
    if _YEAR.fullmatch(name):
        return _year(int(name))
    if _MONTH.fullmatch(name):
        return _month(int(name[:4]), int(name[5:]))
    if week := _WEEK.fullmatch(name):
        monday = day_number(date.fromisocalendar(int(week[1]), int(week[2]), 1))
        return Span(monday, monday + 7)
    if _DAY.fullmatch(name):
        day = day_number(date.fromisoformat(name))
        return Span(day, day + 1)
    raise ValueError(name)


def pieces(span: Span) -> list[Piece]:
    """Stored windows that cover a span exactly: whole years and months where they fit."""
    if span.is_all:
        return [Piece("all", "all", span)]
    covering: list[Piece] = []
    day = span.first
    while day < span.end:
        piece = _longest_from(day, span.end)
        covering.append(piece)
        day = piece.span.end
    return covering


def span_before(span: Span) -> Span | None:
    """The period before: of whole months as many months, else as many days; None of all."""
    if span.first == FIRST_DAY or span.end == END_DAY:
        return None
    first, end = date_of(span.first), date_of(span.end)
    if first.day == end.day == 1:
        months = (end.year - first.year) * 12 + end.month - first.month
        year, month = divmod(first.year * 12 + first.month - 1 - months, 12)
        return Span(day_number(date(year, month + 1, 1)), span.first) if year else None
    before = span.first - (span.end - span.first)
    return Span(before, span.first) if before >= FIRST_DAY else None


def window_named(span: Span) -> str | None:
    """The name of the window that has exactly these days, if there is one."""
    if span.is_all:
        return "all"
    first = date_of(span.first)
    week = first.isocalendar()
    for name in (
        first.isoformat(),
        f"{week.year:04d}-W{week.week:02d}",
        f"{first.year:04d}-{first.month:02d}",
        f"{first.year:04d}",
    ):
        if parse_window(name) == span:
            return name
    return None


def months_in(span: Span) -> list[str]:
    """The months that have a day in a span, like 2026-01."""
    months = []
    day = span.first
    while day < span.end:
        start = date_of(day)
        months.append(f"{start.year:04d}-{start.month:02d}")
        day = _month(start.year, start.month).end
    return months


def _longest_from(day: int, end: int) -> Piece:
    start = date_of(day)
    year = _year(start.year)
    if year.first == day and year.end <= end:
        return Piece("year", f"{start.year:04d}", year)
    month = _month(start.year, start.month)
    label = f"{start.year:04d}-{start.month:02d}"
    if month.first == day and month.end <= end:
        return Piece("month", label, month)
    return Piece("day", label, Span(day, min(month.end, end)))


def _year(year: int) -> Span:
    return Span(day_number(date(year, 1, 1)), day_number(date(year, 12, 31)) + 1)


def _month(year: int, month: int) -> Span:
    days = monthrange(year, month)[1]
    first = day_number(date(year, month, 1))
    return Span(first, first + days)
