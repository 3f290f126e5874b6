"""Hours and minutes of the reporting zone, numbered since 1970: their names and their ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from api.analyses.hours import period_name
from api.analyses.sliding import minute_of, moment_of
from listens.views import EVERYONE, VIEWS
from listens.windows import A_DAY, MINUTES_A_DAY, Span

Unit = Literal["minute", "hour"]

_LOOK_AHEAD_MINUTES = 240
"""Longer than any zone puts its clocks back."""


def number_of(moment: datetime, zone: ZoneInfo, unit: Unit) -> int:
    """The period that a moment is in."""
    return _of_minute(minute_of(moment.astimezone(zone).replace(tzinfo=None)), unit)


def closed_before(moment: datetime, zone: ZoneInfo, unit: Unit) -> int:
    """The first period that isn't over for good: where clocks go back, an hour comes twice."""
    minutes = range(_LOOK_AHEAD_MINUTES)
    return min(number_of(moment + timedelta(minutes=minute), zone, unit) for minute in minutes)


def name_of(number: int, unit: Unit) -> str:
    """Like 2026-01-13T05 or 2026-01-13T05:07."""
    return period_name(number, "hour") if unit == "hour" else moment_of(number)


def number_named(name: str, unit: Unit) -> int:
    """The inverse of `name_of`.

    Raises:
        ValueError: it's no such name.
    """
    form = "%Y-%m-%dT%H" if unit == "hour" else "%Y-%m-%dT%H:%M"
    return _of_minute(minute_of(datetime.strptime(name, form)), unit)  # noqa: DTZ007 - its zone's


def _of_minute(minute: int, unit: Unit) -> int:
    return minute * A_DAY[unit] // MINUTES_A_DAY


def view_of(chart: str, unit: Unit) -> str | None:
    """The view that counts what a chart ranks by such a period, if there is one."""
    views = (view for view in VIEWS.values() if view.finest == unit and EVERYONE in view.slices)
    return next((view.name for view in views if view.key == VIEWS[chart].key), None)


def days_of(first: int, end: int, unit: Unit) -> Span:
    """The days of the periods from `first` until before `end`."""
    return Span(first // A_DAY[unit], -(-end // A_DAY[unit]))
