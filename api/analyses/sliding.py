"""The first of a chart in windows that slide over time, from cells by the minute. Pure numpy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from api.analyses.hours import folded_windows
from api.merging.merge import Order, Page, Ranked, no_overlay, page, takes_back
from listens.packing import Cells, Chart, folded
from listens.windows import MINUTES_A_DAY, Span

MIDNIGHT_1970 = datetime(1970, 1, 1)  # noqa: DTZ001 - of the reporting zone, whichever that is


@dataclass(frozen=True)
class Windows:
    """Windows of `size` minutes, one every `step`; the last begins before `end`.

    Minutes since 1970 in the reporting zone; windows begin at multiples of `step`.
    """

    first: int
    end: int
    size: int
    step: int

    def __len__(self) -> int:
        return max(0, -(-(self.end - self.first) // self.step))

    def starts(self) -> range:
        """Where each begins."""
        return range(self.first, self.end, self.step)

    @property
    def days(self) -> Span:
        """The days that hold all of them."""
        last = self.starts()[-1] + self.size if len(self) else self.first
        return Span(self.first // MINUTES_A_DAY, last // MINUTES_A_DAY + 1)


def minute_of(moment: datetime) -> int:
    """Minutes since 1970 of a moment without a zone."""
    return (moment - MIDNIGHT_1970) // timedelta(minutes=1)


def moment_of(minute: int) -> str:
    """The inverse of `minute_of`, as ISO 8601 writes it: `2026-01-13T05:30`."""
    return (MIDNIGHT_1970 + timedelta(minutes=minute)).isoformat(timespec="minutes")


def tops(cells: Cells, windows: Windows, *, order: Order, limit: int) -> Iterator[tuple[int, Page]]:
    """Start and first ranks of each window."""
    cells = folded_windows(cells)
    cells = cells.where(~takes_back(cells.measures))
    cells = cells.where(np.argsort(cells.window, kind="stable"))
    for start in windows.starts():
        first, end = np.searchsorted(cells.window, [start, start + windows.size])
        some = cells.where(np.arange(first, end))
        chart = folded([Chart(some.key, some.measures)])
        yield start, page(Ranked(chart), no_overlay(0), order=order, offset=0, limit=limit)
