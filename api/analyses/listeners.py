"""Rankings by distinct listeners: in how many listeners' charts a key is, exactly.

A number of listeners can't be added up, so that no chart holds it: it's made when it's asked for,
from every listener's chart, of which there may be so many (docs/decisions/0012).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from api.analyses.rankings import RANKINGS
from api.merging import reading
from api.merging.charts import Charts, check_kept
from api.merging.merge import Order, Page, found, more_of
from api.merging.pieces import StoredPiece, chart_within, stored_pieces
from api.merging.reading import Slice
from api.merging.snapshot import Snapshot
from api.web.problems import BadParameterError
from listens.packing import Cells, Chart, Ints, Keys
from listens.store import Store
from listens.views import VIEWS
from listens.windows import Span

BY = "listeners"
"""What ranks by them is called in a query."""

MOST_ROWS = 1_000_000
"""Rows of listeners' charts that are read for one answer: a few seconds of work, and 25 MB."""

ABLE = tuple(view for view in RANKINGS if "listener" in VIEWS[view].slices)
"""The charts that they can rank."""


@dataclass(frozen=True)
class OfListeners:
    """Listener → keys, not necessarily distinct, and the sum of all measures of each."""

    parts: Mapping[str, list[tuple[Keys, Ints]]]

    def __len__(self) -> int:
        return sum(len(keys) for parts in self.parts.values() for keys, _ in parts)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(
            keys.nbytes + sums.nbytes for parts in self.parts.values() for keys, sums in parts
        )


@dataclass(frozen=True)
class Counts:
    """Distinct listeners by place in everyone's chart, of one snapshot."""

    listeners: Ints

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return self.listeners.nbytes


def checked_by_listeners(view: str, slice_: Slice) -> None:
    """Check that a chart can be ranked by listeners.

    Raises:
        BadParameterError: it can't.
    """
    if view not in ABLE:
        raise BadParameterError("by", f"{view} have no number of listeners; {', '.join(ABLE)} have")
    if slice_ != Slice():
        raise BadParameterError(
            slice_.by.partition("+")[0],
            f"by=listeners counts the listeners of everything, not of a {slice_.by}",
        )


def page_by_listeners(
    charts: Charts, store: Store, snapshot: Snapshot, view: str, span: Span, *,
    order: Order, offset: int, limit: int,
) -> tuple[Page, list[int]]:  # fmt: skip
    """Some ranks of everyone's chart by distinct listeners, and the listeners of each.

    Raises:
        SupersededError: the snapshot is too old to be read.
        BadParameterError: the listeners' charts have more than MOST_ROWS rows.
    """
    chart = charts.whole(store, snapshot, view, Slice(), span)
    listeners = _listeners(charts, store, snapshot, view, span, chart)
    able = np.flatnonzero(chart.measures["streams"] >= order.least)
    # Stable: keys are ascending, which settles the ties.
    signs = listeners[able] if order.ascending else -listeners[able]
    chosen = able[np.argsort(signs, kind="stable")][offset : offset + limit]
    return Page(more_of(chart, chosen), len(able)), listeners[chosen].tolist()


def listeners_by_key(keys: Keys, of_listeners: Iterable[list[tuple[Keys, Ints]]]) -> Ints:
    """For each of ascending keys, how many listeners have it.

    Args:
        keys: distinct and ascending; those that a listener has are among them.
        of_listeners: for each listener what both layers hold. A key of which the sum is zero has
            been taken back by an erasure.
    """
    counts = np.zeros(len(keys), np.int64)
    for parts in of_listeners:
        key, places = np.unique(np.concatenate([key for key, _ in parts]), return_inverse=True)
        sums = np.zeros(len(key), np.int64)
        np.add.at(sums, places, np.concatenate([sums for _, sums in parts]))
        place, known = found(keys, key[sums > 0])
        counts[place[known]] += 1
    return counts


def _listeners(
    charts: Charts, store: Store, snapshot: Snapshot, view: str, span: Span, chart: Chart
) -> Ints:
    parts = stored_pieces(snapshot, span, view=view, by="listener")
    moment = (snapshot.cut_seq, snapshot.lineage, snapshot.head_seq)

    def of_batch() -> OfListeners:
        batch = _gathered(_batch_charts(store, view, parts), view=view)
        check_kept(store, snapshot)
        return batch

    def count() -> Counts:
        batch = charts.cache.get(("of listeners", view, parts), OfListeners, of_batch)
        since = _speed_charts(store, snapshot, view, span)
        speed = _gathered(since, view=view, before=len(batch))
        check_kept(store, snapshot)
        names = batch.parts.keys() | speed.parts.keys()
        every = ([*batch.parts.get(name, []), *speed.parts.get(name, [])] for name in names)
        return Counts(listeners_by_key(chart.key, every))

    return charts.cache.get(("listeners", view, span, parts, moment), Counts, count).listeners


def _batch_charts(
    store: Store, view: str, parts: tuple[StoredPiece, ...]
) -> Iterator[tuple[str, Chart]]:
    for piece, window in parts:
        for listener, cells in reading.cells_of_all(store, view, "listener", piece.grain, window):
            chart = Chart(cells.key, cells.measures)
            is_part = piece.grain == "day"
            yield listener, chart_within(cells, piece.span, view=view) if is_part else chart


def _speed_charts(
    store: Store, snapshot: Snapshot, view: str, span: Span
) -> Iterator[tuple[str, Chart]]:
    commits = snapshot.cut_seq, snapshot.head_seq
    for cells in reading.segments_of_all(store, view, "listener", *commits):
        for listener, own in _by_value(cells):
            yield listener, chart_within(own, span, view=view)


def _gathered(charts: Iterable[tuple[str, Chart]], *, view: str, before: int = 0) -> OfListeners:
    """What charts hold; `before` rows are read already."""
    rows = before
    of_listeners: dict[str, list[tuple[Keys, Ints]]] = {}
    for listener, chart in charts:
        rows += len(chart)
        if rows > MOST_ROWS:
            raise BadParameterError(
                "by",
                f"in this window the listeners' charts of {view} have more than {MOST_ROWS:,} "
                "rows, and by=listeners reads them all; ask for a shorter window",
            )
        # No key is below zero in any measure: only what was taken back has a sum of zero.
        sums = sum(chart.measures.values(), np.zeros(len(chart), np.int64))
        of_listeners.setdefault(listener, []).append((chart.key, sums))
    return OfListeners(of_listeners)


def _by_value(cells: Cells) -> Iterator[tuple[str, Cells]]:
    values, places = np.unique(cells.value, return_inverse=True)
    order = np.argsort(places, kind="stable")
    edges = np.searchsorted(places[order], np.arange(len(values) + 1))
    for value, first, end in zip(values.tolist(), edges[:-1], edges[1:], strict=True):
        yield value.decode(), cells.where(order[first:end])
