"""The totals view: sums by hour and kind, over a span, and by calendar period. Pure numpy."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from api.merging.merge import takes_back
from listens.packing import Cells, Ints
from listens.rules import DAYPARTS, MEASURES, SHOWN
from listens.views import Finest
from listens.windows import A_DAY, HOURS_A_DAY, Span, date_of

PeriodGrain = Literal["hour", "day", "week", "month", "year"]

Sums = dict[str, int]

_THURSDAY = 3
"""1970-01-01 was one: three days after the Monday that its ISO week begins with."""


def folded_windows(cells: Cells) -> Cells:
    """Add up the rows of the same window and key, whatever their slice value."""
    if not len(cells):
        return cells
    keys, key = np.unique(cells.key, return_inverse=True)
    codes, place = np.unique(cells.window * len(keys) + key, return_inverse=True)
    window, key = np.divmod(codes, len(keys))
    measures = {name: _summed(cells.measures[name], place, len(codes)) for name in MEASURES}
    return Cells(window, np.zeros(len(codes), "S1"), keys[key], measures)


def without_erased(cells: Cells) -> Cells:
    """The same sums, without rows that an erasure has brought to zero."""
    if not takes_back(cells.measures).any():
        return cells
    folded = folded_windows(cells)
    return folded.where(~takes_back(folded.measures))


def within(cells: Cells, span: Span, *, finest: Finest) -> NDArray[np.bool_]:
    """Which rows lie in the span; `finest` says what their windows are."""
    return windows_within(cells.window, span, finest=finest)


def windows_within(windows: Ints, span: Span, *, finest: Finest) -> NDArray[np.bool_]:
    """As `within`, of windows alone."""
    a_day = A_DAY[finest]
    return (windows >= span.first * a_day) & (windows < span.end * a_day)


def in_daypart(cells: Cells, daypart: str) -> NDArray[np.bool_]:
    """Which rows lie in a part of the day; their windows are hours."""
    return np.isin(cells.window % HOURS_A_DAY, [*DAYPARTS[daypart]])


def sums(cells: Cells) -> Sums:
    """Measure → its sum over all rows."""
    return {name: int(cells.measures[name].sum()) for name in MEASURES}


def sums_by_kind(cells: Cells) -> dict[str, Sums]:
    """Kind → the sums of its rows."""
    return {
        kind.decode(): sums(cells.where(cells.key == kind))
        for kind in np.unique(cells.key).tolist()
    }


def week_hours(cells: Cells) -> dict[str, Ints]:
    """Every measure by hour of the week, 168 of them from Monday on; windows are hours."""
    days, hours = np.divmod(cells.window, HOURS_A_DAY)
    place = (days + _THURSDAY) % 7 * HOURS_A_DAY + hours
    return {name: _summed(cells.measures[name], place, 7 * HOURS_A_DAY) for name in MEASURES}


def day_range(cells: Cells) -> tuple[str, str] | None:
    """ISO dates of the first and the last day with a row."""
    if not len(cells):
        return None
    first, last = int(cells.window.min()), int(cells.window.max())
    return date_of(first // HOURS_A_DAY).isoformat(), date_of(last // HOURS_A_DAY).isoformat()


def period_numbers(hours: Ints, grain: PeriodGrain) -> Ints:
    """The period of each hour, numbered without gaps."""
    if grain == "hour":
        return hours
    days = hours // HOURS_A_DAY
    if grain == "day":
        return days
    if grain == "week":
        return (days + _THURSDAY) // 7
    unit = {"month": "M", "year": "Y"}[grain]
    return days.astype("datetime64[D]").astype(f"datetime64[{unit}]").astype(np.int64)


def period_name(number: int, grain: PeriodGrain) -> str:
    """The window's name, as `listens.windows` reads it; an hour is `2026-01-13T05`."""
    if grain == "hour":
        return f"{date_of(number // HOURS_A_DAY).isoformat()}T{number % HOURS_A_DAY:02d}"
    if grain == "day":
        return date_of(number).isoformat()
    if grain == "week":
        week = date_of(number * 7 - _THURSDAY).isocalendar()
        return f"{week.year:04d}-W{week.week:02d}"
    if grain == "month":
        return f"{1970 + number // 12:04d}-{number % 12 + 1:02d}"
    return f"{1970 + number:04d}"


def period_sums(cells: Cells, grain: PeriodGrain) -> tuple[int, dict[str, Ints]]:
    """The first period's number, and every measure by period from it to the last, zeros included.

    `cells` must not be empty.
    """
    numbers = period_numbers(cells.window, grain)
    first = int(numbers.min())
    n = int(numbers.max()) - first + 1
    return first, {name: _summed(cells.measures[name], numbers - first, n) for name in MEASURES}


def periods_shown(cells: Cells, grain: PeriodGrain) -> list[dict[str, Any]]:
    """Name and shown sums of each period, from the first with a row to the last."""
    if not len(cells):
        return []
    first, columns = period_sums(cells, grain)
    rows = zip(*(columns[name].tolist() for name in SHOWN), strict=True)
    return [
        {"period": period_name(first + place, grain), **dict(zip(SHOWN, row, strict=True))}
        for place, row in enumerate(rows)
    ]


def period_count(cells: Cells, grain: PeriodGrain) -> int:
    """How many periods there are from the first with a row to the last."""
    if not len(cells):
        return 0
    ends = np.array([cells.window.min(), cells.window.max()])
    first, last = period_numbers(ends, grain).tolist()
    return int(last) - int(first) + 1


def _summed(column: Ints, place: NDArray[np.intp] | Ints, n: int) -> Ints:
    result = np.zeros(n, np.int64)
    np.add.at(result, place, column)
    return result
