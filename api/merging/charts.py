"""Answers out of batch charts and speed rows, each read once and kept within a bound of bytes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar

from api.analyses.hours import folded_windows, in_daypart, within, without_erased
from api.merging import reading
from api.merging.cache import Cache
from api.merging.chosen import chosen
from api.merging.merge import (
    Order,
    Overlay,
    Page,
    Ranked,
    extended,
    joined_cells,
    no_overlay,
    page,
    standing,
    whole,
)
from api.merging.pieces import StoredPiece, chart_within, read_pieces, stored_months, stored_pieces
from api.merging.reading import Slice
from api.merging.snapshot import Snapshot
from api.merging.speed_rows import Block, SpeedRows
from api.questions.narrowing import without_daypart
from listens.errors import ServiceDownError
from listens.packing import Cells, Chart, Keys
from listens.store import Store
from listens.windows import ALL, Span

Answer = TypeVar("Answer")

SNAPSHOT_ATTEMPTS = 4


class SupersededError(Exception):
    """The snapshot's version may be gone from the store: take a new snapshot and start again."""


def at_one_moment(
    take: Callable[[], Snapshot | None], compute: Callable[[Snapshot], Answer]
) -> Answer:
    """What is computed from a snapshot whose version stayed until it was read.

    Raises:
        ServiceDownError: versions were replaced faster than they could be read.
    """
    for _ in range(SNAPSHOT_ATTEMPTS):
        if (snapshot := take()) is None:
            continue
        try:
            return compute(snapshot)
        except SupersededError:
            continue
    raise ServiceDownError("no batch version stayed long enough to be read")


@dataclass(frozen=True)
class Finest:
    """Finest cells of a view and slice up to a commit."""

    until: int
    cells: Cells

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return Block(self.cells.window, self.cells).nbytes


@dataclass(frozen=True)
class Values:
    """Values of a slice up to a commit."""

    until: int
    values: frozenset[str]
    doubtful: frozenset[str] = frozenset()
    """Those of which an erasure has taken back something, and perhaps all."""

    @property
    def nbytes(self) -> int:
        """About what so many short texts take."""
        return 120 * (len(self.values) + len(self.doubtful))


class Charts:
    """Charts of one snapshot after the other; safe among threads, as all it keeps is immutable."""

    def __init__(self, cache_bytes: int) -> None:
        self.cache = Cache(cache_bytes)

    def page(
        self,
        store: Store,
        snapshot: Snapshot,
        view: str,
        slice_: Slice,
        span: Span,
        *,
        order: Order,
        offset: int,
        limit: int,
    ) -> Page:
        """Some ranks of a chart.

        Raises:
            SupersededError: the snapshot is too old to be read.
        """
        batch, overlay = self._merged(store, snapshot, view, slice_, span)
        return page(batch, overlay, order=order, offset=offset, limit=limit)

    def whole(
        self, store: Store, snapshot: Snapshot, view: str, slice_: Slice, span: Span
    ) -> Chart:
        """All of a chart; keys ascending.

        Raises:
            SupersededError: the snapshot is too old to be read.
        """
        batch, overlay = self._merged(store, snapshot, view, slice_, span)
        return whole(batch.chart, overlay)

    def recounted(
        self, store: Store, snapshot: Snapshot, view: str, slice_: Slice, span: Span
    ) -> Chart:
        """What the batch alone holds of a chart; keys ascending.

        Raises:
            SupersededError: the snapshot is too old to be read.
        """
        parts = stored_pieces(snapshot, span, view=view, by=slice_.by)
        return self._batch(store, snapshot, view, slice_, parts).chart

    def standing(
        self, store: Store, snapshot: Snapshot, view: str, slice_: Slice, span: Span, key: bytes
    ) -> tuple[int, dict[str, int]] | None:
        """A key's rank by plays, and its sums; None where the chart hasn't got it.

        Raises:
            SupersededError: the snapshot is too old to be read.
        """
        batch, overlay = self._merged(store, snapshot, view, slice_, span)
        return standing(batch.chart, overlay, key, by="plays")

    def chosen(
        self, store: Store, snapshot: Snapshot, view: str, slice_: Slice, span: Span, keys: Keys
    ) -> Chart:
        """Some keys of a chart, distinct and ascending; those that it hasn't got are left out.

        Raises:
            SupersededError: the snapshot is too old to be read.
        """
        batch, overlay = self._merged(store, snapshot, view, slice_, span)
        return chosen(batch.chart, overlay, keys)

    def count(self, store: Store, snapshot: Snapshot, view: str, slice_: Slice, span: Span) -> int:
        """Distinct keys of a chart.

        Raises:
            SupersededError: the snapshot is too old to be read.
        """
        batch, overlay = self._merged(store, snapshot, view, slice_, span)
        return overlay.total(batch.chart)

    def hours(
        self, store: Store, snapshot: Snapshot, slice_: Slice, span: Span, *, view: str = "totals"
    ) -> Cells:
        """Cells of a view by the hour in a span; several rows may share hour and key.

        Raises:
            SupersededError: the snapshot is too old to be read.
        """
        narrowed, daypart = without_daypart(slice_)
        cells = without_erased(self.finest(store, snapshot, view, narrowed, ALL))
        chosen = cells.where(within(cells, span, finest="hour"))
        return chosen if daypart is None else chosen.where(in_daypart(chosen, daypart))

    def finest(
        self, store: Store, snapshot: Snapshot, view: str, slice_: Slice, span: Span
    ) -> Cells:
        """Finest cells of the months that a span touches; several rows may be of one cell.

        Raises:
            SupersededError: the snapshot is too old to be read.
        """
        months = stored_months(snapshot, span)

        def load() -> Finest:
            cells = reading.batch_cells(store, view, slice_, months)
            check_kept(store, snapshot)
            return Finest(0, cells)

        batch = self.cache.get(("finest", view, slice_, months), Finest, load)
        return joined_cells([batch.cells, self._speed_finest(store, snapshot, view, slice_)])

    def slice_values(self, store: Store, snapshot: Snapshot, by: str) -> list[str]:
        """The values of a slice that any listen has, sorted.

        Raises:
            SupersededError: the snapshot is too old to be read.
        """
        after, until = snapshot.cut_seq, snapshot.head_seq
        known = self.recounted_values(store, snapshot, by)
        key = ("speed values", by, after, snapshot.lineage)
        kept = self.cache.peek(key, Values)
        if kept is None or kept.until > until:
            kept = Values(after, frozenset())
        if kept.until < until:
            more = reading.speed_slice_values(store, by, kept.until, until)
            taken_back = reading.erased_slice_values(store, by, kept.until, until)
            check_kept(store, snapshot)
            kept = Values(until, kept.values | more, kept.doubtful | taken_back)
            self.cache.put(key, kept)
        return sorted(
            value
            for value in known | kept.values
            if value not in kept.doubtful or len(self.hours(store, snapshot, Slice(by, value), ALL))
        )

    def recounted_values(self, store: Store, snapshot: Snapshot, by: str) -> frozenset[str]:
        """The values of a slice in the batch version.

        Raises:
            SupersededError: the snapshot is too old to be read.
        """
        window = snapshot.windows.get("all")
        if window is None:
            return frozenset()

        def load() -> Values:
            values = frozenset(reading.batch_slice_values(store, by, window))
            check_kept(store, snapshot)
            return Values(0, values)

        return self.cache.get(("values", by, window), Values, load).values

    def _merged(
        self, store: Store, snapshot: Snapshot, view: str, slice_: Slice, span: Span
    ) -> tuple[Ranked, Overlay]:
        parts = stored_pieces(snapshot, span, view=view, by=slice_.by)
        key = _batch_key(view, slice_, parts)
        batch = self._batch(store, snapshot, view, slice_, parts)
        overlay = self._overlay(store, snapshot, batch.chart, (view, slice_, span, key))
        return batch, overlay

    def _batch(
        self, store: Store, snapshot: Snapshot, view: str, slice_: Slice,
        parts: tuple[StoredPiece, ...],
    ) -> Ranked:  # fmt: skip
        def load() -> Ranked:
            chart = read_pieces(store, view, slice_, parts)
            check_kept(store, snapshot)
            return Ranked(chart)

        return self.cache.get(_batch_key(view, slice_, parts), Ranked, load)

    def _overlay(
        self,
        store: Store,
        snapshot: Snapshot,
        batch: Chart,
        what: tuple[str, Slice, Span, Hashable],
    ) -> Overlay:
        view, slice_, span, _ = what
        key = ("overlay", what, snapshot.cut_seq, snapshot.lineage)
        overlay = self.cache.peek(key, Overlay)
        # Another request may have seen a later head: its overlay holds too much for this one.
        if overlay is None or overlay.until > snapshot.head_seq:
            overlay = no_overlay(snapshot.cut_seq)
        if overlay.until < snapshot.head_seq:
            cells = self._speed_cells(store, snapshot, view, slice_, overlay.until)
            more = chart_within(cells, span, view=view)
            overlay = extended(overlay, batch, more, until=snapshot.head_seq)
            self.cache.put(key, overlay)
        return overlay

    def _speed_cells(
        self, store: Store, snapshot: Snapshot, view: str, slice_: Slice, after: int
    ) -> Cells:
        """Cells of the commits after `after` up to the head."""
        cut, head = snapshot.cut_seq, snapshot.head_seq
        key = ("rows", view, slice_, cut, snapshot.lineage)
        rows = self.cache.peek(key, SpeedRows)
        if rows is None and after > cut:
            # The rows were too many to be kept; what is asked for needs only the newest.
            block = reading.segments(store, view, slice_, after, head)
            check_kept(store, snapshot)
            return block.cells
        rows = rows or SpeedRows(cut, cut)
        if rows.until < head:
            rows = rows.extended(reading.segments(store, view, slice_, rows.until, head), head)
            check_kept(store, snapshot)
            self.cache.put(key, rows)
        return rows.between(after, head)

    def _speed_finest(self, store: Store, snapshot: Snapshot, view: str, slice_: Slice) -> Cells:
        cut, head = snapshot.cut_seq, snapshot.head_seq
        key = ("speed finest", view, slice_, cut, snapshot.lineage)
        kept = self.cache.peek(key, Finest)
        if kept is None or kept.until > head:
            kept = Finest(cut, joined_cells([]))
        if kept.until < head:
            more = reading.segments(store, view, slice_, kept.until, head).cells
            check_kept(store, snapshot)
            kept = Finest(head, folded_windows(joined_cells([kept.cells, more])))
            self.cache.put(key, kept)
        return kept.cells


def check_kept(store: Store, snapshot: Snapshot) -> None:
    """Check that what was read since the snapshot was taken is whole.

    Raises:
        SupersededError: the snapshot is too old to be read.
    """
    if not reading.is_kept(store, snapshot.version):
        raise SupersededError


def _batch_key(view: str, slice_: Slice, parts: tuple[StoredPiece, ...]) -> tuple[object, ...]:
    return ("batch", view, slice_, parts)
