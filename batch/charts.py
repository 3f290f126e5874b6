"""Charts of every grain, packed: from one part's cells, and from the charts of several parts.

A chart is one document: the cells of a view and slice value in one window. Those of grain `day`
keep the days of a month apart; those of a month, a year and of all time are sums over them, of
the views that have any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from listens.aggregation.cells import CodedCells, Places, grouped, summed
from listens.aggregation.checksums import month_label, month_numbers
from listens.packing import Ints, pack_charts, unpack_charts
from listens.store import Document
from listens.views import PAIRS, has_longer

CHART = ("view", "by", "value", "grain", "window")
"""What one chart is about."""

KEYS_A_PART = 100_000
"""About 3 MB a document: far from MongoDB's 16 MB, and one read for nearly every chart."""

ROWS_AT_ONCE = 200_000
"""Listens or rows of charts that are summed at a time: some 100 MB of working arrays."""

_WINDOW = np.dtype("<i4")
_MONTHS_A_YEAR = 12

_Group = Sequence[Document]


@dataclass(frozen=True)
class _Level:
    """Sums by (value, key, window) in this order, where windows have become longer ones.

    `label` is what the window is called by number: months since 1970, years since 1970, or 0.
    """

    value: Places
    key: Places
    label: Ints
    measures: Mapping[str, Ints]

    def longer(self, label: Ints) -> _Level:
        """The sums over windows that each hold several of these; `label` is ascending as ours."""
        changes = np.diff(self.value) != 0
        changes |= np.diff(self.key) != 0
        changes |= np.diff(label) != 0
        starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
        sums = {name: summed(column, starts) for name, column in self.measures.items()}
        return _Level(self.value[starts], self.key[starts], label[starts], sums)


def charts(cells: CodedCells, *, labels: Collection[str]) -> Iterator[Document]:
    """The charts that a part's cells of one pair make, of the windows in `labels`.

    Yields documents with `view`, `by`, `value`, `grain`, `window` (its label), what
    `listens.packing.pack_charts` makes of the keys, ascending, and of the measures, and for
    grain `day` the `windows` of each.
    """
    view, by = PAIRS[cells.pair]
    of_window = month_numbers(cells.windows, view=view)
    measures = {name: column for name, column in cells.measures.items() if column.any()}
    days = _Level(cells.value, cells.key, of_window[cells.window], measures)
    windows = cells.windows[cells.window]
    yield from _documents(cells, "day", days, month_label, labels, windows=windows)
    if not has_longer(view, by):
        return
    months = days.longer(days.label)
    years = months.longer(months.label // _MONTHS_A_YEAR)
    ever = years.longer(np.zeros_like(years.label))
    yield from _documents(cells, "month", months, month_label, labels)
    yield from _documents(cells, "year", years, lambda year: str(1970 + year), labels)
    yield from _documents(cells, "all", ever, lambda _: "all", labels)


def together(groups: Iterable[_Group]) -> Iterator[list[_Group]]:
    """Groups of charts as `merged` takes them, of some ROWS_AT_ONCE rows.

    Args:
        groups: of each, the parts of one chart, with `view`, `by` and `n`.
    """
    held: list[_Group] = []
    rows = 0
    for group in groups:
        if held and (rows >= ROWS_AT_ONCE or _pair(group) != _pair(held[0])):
            yield held
            held, rows = [], 0
        held.append(group)
        rows += sum(part["n"] for part in group)
    if held:
        yield held


def merged(groups: Sequence[Sequence[Document]]) -> Iterator[Document]:
    """The sum of each group of charts, named as the first of them.

    A sum is cut into documents with a number, `part`. Most charts have a few rows, and each numpy
    call on one costs more than the rows do: all groups are summed at once.

    Args:
        groups: charts of one view and slice; no group is empty.
    """
    parts = [part for group in groups for part in group]
    group_of_part = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    of_row = np.repeat(group_of_part, [part["n"] for part in parts])
    chart = unpack_charts(parts)
    windows = _windows_of(parts)
    distinct, key = np.unique(chart.key, return_inverse=True)
    lowest = int(windows.min())
    order, starts = grouped(
        (of_row, key, windows - lowest),
        (len(groups), len(distinct), int(windows.max()) - lowest + 1),
    )
    first = order[starts]
    sums = {name: summed(column[order], starts) for name, column in chart.measures.items()}
    days = windows[first].astype(_WINDOW)
    edges = _edges(of_row[first])
    packed = pack_charts(distinct[key[first]], sums, edges)
    of_document = of_row[first[edges[:-1]]]
    part = np.arange(len(of_document)) - np.searchsorted(of_document, of_document)
    for group, number, (begin, end), fields in zip(
        of_document.tolist(), part.tolist(), pairwise(edges), packed, strict=True
    ):
        about = groups[group][0]
        yield {
            **{name: about[name] for name in CHART},
            "part": number,
            **({"windows": days[begin:end].tobytes()} if about["grain"] == "day" else {}),
            **fields,
        }


def _pair(group: _Group) -> tuple[str, str]:
    return group[0]["view"], group[0]["by"]


def _windows_of(parts: Sequence[Document]) -> Ints:
    """The window of each row, 0 where the chart has only one."""
    return np.concatenate(
        [
            np.frombuffer(part["windows"], _WINDOW) if "windows" in part
            else np.zeros(part["n"], _WINDOW)
            for part in parts
        ]
    ).astype(np.int64)  # fmt: skip


def _edges(numbers: Ints) -> list[int]:
    """Where numbers in an ordered column change, or a run of one gets too long; and its end."""
    changes = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    return [
        *(edge for begin, end in pairwise(changes) for edge in range(begin, end, KEYS_A_PART)),
        len(numbers),
    ]


def _documents(
    cells: CodedCells,
    grain: str,
    level: _Level,
    name_of: Callable[[int], str],
    labels: Collection[str],
    *,
    windows: Ints | None = None,
) -> Iterator[Document]:
    names = {label: name_of(label) for label in np.unique(level.label).tolist()}
    wanted = [label for label, name in names.items() if name in labels]
    if not wanted:
        return
    rows = np.flatnonzero(np.isin(level.label, wanted))
    label = level.label[rows] - min(wanted)
    # Stable, so that keys, and the days of a key, stay ascending.
    order = np.argsort(level.value[rows] * (max(wanted) - min(wanted) + 1) + label, kind="stable")
    rows = rows[order]
    value, label = level.value[rows], level.label[rows]
    changes = np.flatnonzero((np.diff(value) != 0) | (np.diff(label) != 0)) + 1
    edges = [0, *changes.tolist(), len(rows)]
    days = None if windows is None else windows[rows].astype(_WINDOW)
    view, by = PAIRS[cells.pair]
    values = [cells.values[place].decode() for place in value[edges[:-1]].tolist()]
    measures = {name: column[rows] for name, column in level.measures.items()}
    packed = pack_charts(cells.keys[level.key[rows]], measures, edges)
    for chart, named, (first, end) in zip(packed, values, pairwise(edges), strict=True):
        yield {
            "view": view,
            "by": by,
            "value": named,
            "grain": grain,
            "window": names[int(label[first])],
            **({} if days is None else {"windows": days[first:end].tobytes()}),
            **chart,
        }
