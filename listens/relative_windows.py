"""Windows that are named relative to a day: the present one, or the newest with music.

A week is an ISO week. The present week, month or year is meant as a whole, also the days that are
still to come; days, and months, that are counted back include the present one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from listens.windows import Span, date_of, day_number, parse_window, span_before


def _day(day: date) -> Span:
    number = day_number(day)
    return Span(number, number + 1)


def _week(day: date) -> Span:
    monday = day_number(day) - day.weekday()
    return Span(monday, monday + 7)


def _month(day: date) -> Span:
    return parse_window(f"{day:%Y-%m}")


def _year(day: date) -> Span:
    return parse_window(f"{day:%Y}")


def _last(of: Callable[[date], Span]) -> Callable[[date], Span]:
    def before(day: date) -> Span:
        span = span_before(of(day))
        if span is None:
            raise ValueError(f"nothing is before {day}")
        return span

    return before


def _days(n: int) -> Callable[[date], Span]:
    return lambda day: Span(day_number(day) + 1 - n, day_number(day) + 1)


def _twelve_months(day: date) -> Span:
    end = _month(day).end
    after = date_of(end)
    return Span(day_number(after.replace(year=after.year - 1)), end)


NOW: dict[str, Callable[[date], Span]] = {
    "today": _day,
    "yesterday": _last(_day),
    "this-week": _week,
    "last-week": _last(_week),
    "this-month": _month,
    "last-month": _last(_month),
    "this-year": _year,
    "last-year": _last(_year),
    "last-7-days": _days(7),
    "last-30-days": _days(30),
    "last-12-months": _twelve_months,
}
"""Name → the span for the present day of the reporting zone."""

NEWEST: dict[str, Callable[[date], Span]] = {
    "newest-day": _day,
    "newest-week": _week,
    "newest-month": _month,
    "newest-year": _year,
}
"""Name → the span for the newest day with music."""

RELATIVE = {**NOW, **NEWEST}
