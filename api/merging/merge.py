"""The exact merge: a batch chart, the speed layer's sums over it, and one page of the ranking.

Pure numpy, no I/O. A ranking is by value descending, then by key ascending. The batch chart keeps
its own ranking; a page sorts only the keys that the speed layer touched and as many untouched
ones as the page can reach, so that a chart of a million songs costs what its changes cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from listens.packing import Cells, Chart, Ints, Keys, no_chart
from listens.rules import MEASURES, RATES

Places = NDArray[np.intp]
Values = NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True)
class Order:
    """What ranks a chart.

    Attributes:
        by: a measure, or a rate.
        ascending: whether the least come first.
        least: only keys with so many listens that a rate is taken over, or so many streams.
    """

    by: str
    ascending: bool = False
    least: int = 0

    @property
    def over(self) -> tuple[str, ...]:
        """The measures of which `least` is asked."""
        return RATES[self.by].over if self.by in RATES else ("streams",)

    @property
    def is_plain(self) -> bool:
        """Whether every key has a rank, by a measure and descending."""
        return not (self.ascending or self.least or self.by in RATES)


@dataclass(frozen=True)
class Ranked:
    """A chart that remembers its rankings once they were asked for."""

    chart: Chart
    _orders: dict[str, NDArray[np.int32]] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, with a ranking by every measure."""
        return self.chart.nbytes + len(MEASURES) * 4 * len(self.chart)

    def order(self, by: str) -> NDArray[np.int32]:
        """Places by value descending; keys are ascending, so a stable sort settles the ties."""
        if by not in self._orders:
            order = np.argsort(-self.chart.measures[by], kind="stable")
            self._orders[by] = order.astype(np.int32)
        return self._orders[by]


@dataclass(frozen=True)
class Overlay:
    """What the speed layer adds to a batch chart.

    Attributes:
        until: the last commit within.
        touched: speed sums by key.
        place: where each touched key stands, or would stand, in the batch chart.
        held: whether the batch chart has the key.
        gone: whether an erasure has left nothing of the key: it's in no rank and no count.
    """

    until: int
    touched: Chart
    place: Places
    held: NDArray[np.bool_]
    gone: NDArray[np.bool_]
    _sums: dict[str, Ints] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, with the sums of every measure."""
        sums = len(MEASURES) * 8 * len(self.place)
        return self.touched.nbytes + self.place.nbytes + 2 * self.held.nbytes + sums

    def sums(self, batch: Chart, name: str) -> Ints:
        """A measure of batch and speed together, by touched key."""
        if name not in self._sums:
            sums = self.touched.measures[name].copy()
            sums[self.held] += batch.measures[name][self.place[self.held]]
            self._sums[name] = sums
        return self._sums[name]

    def total(self, batch: Chart) -> int:
        """Distinct keys of both together."""
        return len(batch) + int(np.count_nonzero(~self.held)) - int(np.count_nonzero(self.gone))


@dataclass(frozen=True)
class Page:
    """Some ranks of a chart, in order; `total` counts the whole chart."""

    chart: Chart
    total: int


def no_overlay(until: int) -> Overlay:
    """The overlay of no commit after `until`."""
    none = np.empty(0, np.bool_)
    return Overlay(until, no_chart(), np.empty(0, np.intp), none, none)


def extended(overlay: Overlay, batch: Chart, more: Chart, *, until: int) -> Overlay:
    """The overlay with the sums of later commits; costs a copy, and a search for each new key."""
    if not len(more):
        return Overlay(until, overlay.touched, overlay.place, overlay.held, overlay.gone)
    place, known = found(overlay.touched.key, more.key)
    fresh = more_of(more, ~known)
    fresh_place, fresh_held = found(batch.key, fresh.key)
    # Odd numbers are the old keys, even ones the gaps before them.
    line = np.concatenate([2 * np.arange(len(overlay.place)) + 1, 2 * place[~known]])
    order = np.argsort(line, kind="stable")
    measures = {
        name: np.concatenate([_added(column, place[known], more.measures[name][known]), new])[order]
        for name, column, new in (
            (name, overlay.touched.measures[name], fresh.measures[name]) for name in MEASURES
        )
    }
    touched = Chart(np.concatenate([overlay.touched.key, fresh.key])[order], measures)
    places = np.concatenate([overlay.place, fresh_place])[order]
    held = np.concatenate([overlay.held, fresh_held])[order]
    return Overlay(until, touched, places, held, _gone(batch, touched, places, held))


@dataclass(frozen=True)
class _Rows:
    """Rows of batch and speed together: untouched ones of the batch, then what was touched.

    Attributes:
        untouched: places in the batch chart that the speed layer hasn't touched.
    """

    batch: Chart
    overlay: Overlay
    untouched: Places

    @cached_property
    def alive(self) -> Places:
        """The touched keys of which something is left."""
        return np.flatnonzero(~self.overlay.gone)

    @cached_property
    def line(self) -> Places:
        """Numbers that are ascending as the keys are.

        Keys are ascending on both sides, so that places stand for them: those of the batch are
        odd, those that only the speed layer has fall in the gaps and are even.
        """
        touched = (2 * self.overlay.place + self.overlay.held)[self.alive]
        return np.concatenate([2 * self.untouched + 1, touched])

    def column(self, name: str) -> Ints:
        """A measure of each row."""
        touched = self.overlay.sums(self.batch, name)[self.alive]
        return np.concatenate([self.batch.measures[name][self.untouched], touched])

    def of(self, key: Keys) -> Places:
        """The row of a single key; none where the chart hasn't got it."""
        touched = np.flatnonzero(self.overlay.touched.key[self.alive] == key)
        if len(touched):
            return len(self.untouched) + touched
        place, known = found(self.batch.key, key)
        return np.flatnonzero(self.untouched == place) if known[0] else place[:0]

    def picked(self, chosen: Places) -> Chart:
        """Some rows, in their order."""
        is_touched = chosen >= len(self.untouched)
        of_speed = self.alive[chosen[is_touched] - len(self.untouched)]
        of_batch = self.untouched[chosen[~is_touched]]
        key = np.empty(len(chosen), np.result_type(self.batch.key, self.overlay.touched.key))
        key[~is_touched] = self.batch.key[of_batch]
        key[is_touched] = self.overlay.touched.key[of_speed]
        measures = {}
        for name in MEASURES:
            column = np.empty(len(chosen), np.int64)
            column[~is_touched] = self.batch.measures[name][of_batch]
            column[is_touched] = self.overlay.sums(self.batch, name)[of_speed]
            measures[name] = column
        return Chart(key, measures)


def page(ranked: Ranked, overlay: Overlay, *, order: Order, offset: int, limit: int) -> Page:
    """Ranks `offset + 1` to `offset + limit`."""
    batch, by = ranked.chart, order.by
    if not order.is_plain:
        return _page_of_all(_all_rows(batch, overlay), order, offset=offset, limit=limit)
    total = overlay.total(batch)
    reach = min(offset + limit, total)
    if offset >= reach:
        return Page(no_chart(), total)
    rows = _Rows(batch, overlay, _first_untouched(ranked, overlay, by=by, reach=reach))
    chosen = _ranked_first(rows.column(by), rows.line, reach)[offset:]
    return Page(rows.picked(chosen), total)


def whole(batch: Chart, overlay: Overlay) -> Chart:
    """Batch and speed together; keys ascending."""
    if not len(overlay.place):  # a period that's over: nothing has come since the batch
        return batch
    rows = _all_rows(batch, overlay)
    # Stable: keys that only the speed layer has may fall in one gap, and are ascending there.
    return rows.picked(np.argsort(rows.line, kind="stable"))


def standing(
    batch: Chart, overlay: Overlay, key: bytes, *, by: str
) -> tuple[int, dict[str, int]] | None:
    """One key's rank by a measure and its sums; None where the chart hasn't got it."""
    rows = _all_rows(batch, overlay)
    row = rows.of(np.array([key], "S"))
    if not len(row):
        return None
    values, line = rows.column(by), rows.line
    # Of two in one gap, which only the speed layer has, the first is the lower key.
    is_lower = (line < line[row]) | ((line == line[row]) & (np.arange(len(line)) < row))
    ahead = (values > values[row]) | ((values == values[row]) & is_lower)
    sums = {name: int(column[0]) for name, column in rows.picked(row).measures.items()}
    return int(np.count_nonzero(ahead)) + 1, sums


def able_values(column: Callable[[str], Ints], n: int, order: Order) -> tuple[Places, Values]:
    """Of n rows, those that have a rank, and for each the value of which the greatest is first."""
    over = sum((column(name) for name in order.over), np.zeros(n, np.int64))
    rate = RATES.get(order.by)
    able = np.flatnonzero(over >= max(order.least, int(rate is not None)))
    values: Values = column(rate.of if rate else order.by)[able]
    if rate:
        values = values / over[able]
    return able, -values if order.ascending else values


def found(keys: Keys, wanted: Keys) -> tuple[Places, NDArray[np.bool_]]:
    """Where each wanted key stands in ascending keys, or would stand; and whether it's there."""
    place = np.searchsorted(keys, wanted)
    there = np.zeros(len(wanted), np.bool_)
    within = np.flatnonzero(place < len(keys))
    there[within] = keys[place[within]] == wanted[within]
    return place, there


def more_of(chart: Chart, wanted: NDArray[np.bool_] | Places) -> Chart:
    """The rows of a mask, or the rows at these places in this order."""
    return Chart(
        chart.key[wanted], {name: column[wanted] for name, column in chart.measures.items()}
    )


def joined_charts(charts: Sequence[Chart]) -> Chart:
    """One after the other, nothing added up."""
    if not charts:
        return no_chart()
    return Chart(
        np.concatenate([chart.key for chart in charts]),
        {name: np.concatenate([chart.measures[name] for chart in charts]) for name in MEASURES},
    )


def joined_cells(parts: Sequence[Cells]) -> Cells:
    """One after the other, nothing added up."""
    chart = joined_charts([Chart(part.key, part.measures) for part in parts])
    none = np.empty(0, np.int64)
    return Cells(
        np.concatenate([none, *(part.window for part in parts)]),
        np.concatenate([np.empty(0, "S1"), *(part.value for part in parts)]),
        chart.key,
        chart.measures,
    )


def takes_back(measures: Mapping[str, Ints]) -> NDArray[np.bool_]:
    """Rows without any measure above zero: an erasure has taken back at least what they counted."""
    rows: NDArray[np.bool_] = np.logical_and.reduce([measures[name] <= 0 for name in MEASURES])
    return rows


def _added(column: Ints, place: Places, more: Ints) -> Ints:
    column = column.copy()
    column[place] += more  # places are distinct, as the keys are
    return column


def _gone(
    batch: Chart, touched: Chart, place: Places, held: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which keys are zero in every measure; a cell adds to one at least, unless it takes back."""
    gone = takes_back(touched.measures)
    for name in MEASURES if gone.any() else ():
        some = np.flatnonzero(gone)
        sums = touched.measures[name][some]
        sums[held[some]] += batch.measures[name][place[some][held[some]]]
        gone[some] = sums == 0
    return gone


def _page_of_all(rows: _Rows, order: Order, *, offset: int, limit: int) -> Page:
    """As `page`, looking at every key: by rates and from the least on, no bound is known before."""
    able, values = able_values(rows.column, len(rows.line), order)
    reach = min(offset + limit, len(able))
    if offset >= reach:
        return Page(no_chart(), len(able))
    chosen = _ranked_first(values, rows.line[able], reach)[offset:]
    return Page(rows.picked(able[chosen]), len(able))


def _all_rows(batch: Chart, overlay: Overlay) -> _Rows:
    is_touched = np.zeros(len(batch), np.bool_)
    is_touched[overlay.place[overlay.held]] = True
    return _Rows(batch, overlay, np.flatnonzero(~is_touched))


def _first_untouched(ranked: Ranked, overlay: Overlay, *, by: str, reach: int) -> Places:
    is_touched = np.zeros(len(ranked.chart), np.bool_)
    hit = overlay.place[overlay.held]
    is_touched[hit] = True
    first = ranked.order(by)[: reach + len(hit)]
    return first[~is_touched[first]][:reach].astype(np.intp)


def _ranked_first(values: Values, line: Places, reach: int) -> Places:
    """Places of the `reach` first: the partition spares the sort of what can't be among them."""
    lowest = np.partition(values, len(values) - reach)[len(values) - reach]
    able = np.flatnonzero(values >= lowest)
    return able[np.lexsort((line[able], -values[able]))][:reach]
