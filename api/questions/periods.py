"""Which days an answer is about: a window relative to now or to the newest data has them late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.analyses.hours import without_erased
from api.merging.charts import Charts
from api.merging.reading import Slice
from api.merging.snapshot import Snapshot
from api.questions.selections import WindowQuery
from listens.store import Store
from listens.windows import (
    ALL,
    END_DAY,
    FIRST_DAY,
    HOURS_A_DAY,
    Span,
    date_of,
    day_number,
    window_named,
)

Clock = Callable[[], datetime]
"""Tells the present moment."""


def present() -> datetime:
    """The present moment, by this machine's clock."""
    return datetime.now(UTC)


def today(clock: Clock, time_zone: str) -> int:
    """The number of the present day in the reporting zone."""
    return day_number(clock().astimezone(ZoneInfo(time_zone)).date())


def newest_day(charts: Charts, store: Store, snapshot: Snapshot) -> int | None:
    """The number of the last day on which anybody heard music; None before any.

    Everyone's, whatever the slice, so that all charts of a page are about the same days.

    Raises:
        SupersededError: the snapshot is too old to be read.
    """
    cells = without_erased(charts.finest(store, snapshot, "totals", Slice(), ALL))
    hours = cells.window[cells.key == b"music"]
    return int(hours.max()) // HOURS_A_DAY if len(hours) else None


def span_of(query: WindowQuery, present_day: int, newest: Callable[[], int | None]) -> Span:
    """The days that a query asks for; the newest day is only looked for if need be."""
    day = newest() if query.reference == "newest" else present_day
    return query.span_on(day)


def period_shown(span: Span) -> dict[str, Any]:
    """The days as an answer tells them: `to` isn't counted; null where they're open."""
    if span.first == span.end:
        return {"window": None, "from": None, "to": None}
    return {
        "window": window_named(span),
        "from": None if span.first == FIRST_DAY else date_of(span.first).isoformat(),
        "to": None if span.end == END_DAY else date_of(span.end).isoformat(),
    }
