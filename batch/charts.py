"""Charts of every grain, packed: from one part's cells, and from the charts of several parts.

A chart is one document: the cells of a view and slice value in one window. Those of grain `day`
keep the days of a month apart; those of a month, a year and of all time are sums over them, of
the views that have any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from listens.aggregation.cells import CodedCells, Places, grouped, summed
from listens.aggregation.checksums import month_label, month_numbers
from listens.packing import Ints, Keys, pack_chart, pack_charts, unpack_chart
from listens.rules import MEASURES
from listens.store import Document
from listens.views import PAIRS, has_longer

KEYS_A_PART = 100_000
"""About 3 MB a document: far from MongoDB's 16 MB, and one read for nearly every chart."""

_WINDOW = np.dtype("<i4")
_MONTHS_A_YEAR = 12


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
    `listens.packing.pack_chart` makes of the keys, ascending, and of the measures, and for
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


def merged(parts: Sequence[Document]) -> Iterator[Document]:
    """The sum of charts, named as the first of them, cut into documents with a number, `part`."""
    if len(parts) == 1 and parts[0]["n"] <= KEYS_A_PART:
        yield {**parts[0], "part": 0}
        return
    about = {name: parts[0][name] for name in ("view", "by", "value", "grain", "window")}
    by_day = about["grain"] == "day"
    key, windows, measures = _summed_rows(parts)
    for number, first in enumerate(range(0, len(key), KEYS_A_PART)):
        rows = slice(first, first + KEYS_A_PART)
        yield {
            **about,
            "part": number,
            **({"windows": windows[rows].astype(_WINDOW).tobytes()} if by_day else {}),
            **pack_chart(key[rows], {name: column[rows] for name, column in measures.items()}),
        }


def _summed_rows(parts: Sequence[Document]) -> tuple[Keys, Ints, dict[str, Ints]]:
    charts = [unpack_chart(part) for part in parts]
    distinct, keys = np.unique(np.concatenate([chart.key for chart in charts]), return_inverse=True)
    windows = np.zeros(len(keys), np.int64)
    if parts[0]["grain"] == "day":
        packed = [np.frombuffer(part["windows"], _WINDOW) for part in parts]
        windows = np.concatenate(packed).astype(np.int64)
    lowest = int(windows.min())
    order, starts = grouped(
        (keys, windows - lowest), (len(distinct), int(windows.max()) - lowest + 1)
    )
    first = order[starts]
    sums = {
        name: summed(np.concatenate([chart.measures[name] for chart in charts])[order], starts)
        for name in MEASURES
    }
    return distinct[keys[first]], windows[first], sums


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
