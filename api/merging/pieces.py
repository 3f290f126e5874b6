"""Which stored windows make up a span, and what is read of each."""

from __future__ import annotations

from api.analyses.hours import within
from api.merging import reading
from api.merging.reading import Slice
from api.merging.snapshot import Snapshot, StoredWindow
from listens.packing import Cells, Chart, folded, no_chart
from listens.store import Store
from listens.views import VIEWS, has_longer
from listens.windows import ALL, Piece, Span, parse_window, pieces

StoredPiece = tuple[Piece, StoredWindow]

_YEAR_LENGTH = len("2026")
_MONTH_LENGTH = len("2026-01")


def stored_months(snapshot: Snapshot, span: Span) -> tuple[StoredWindow, ...]:
    """The months that have cells, of those that a span touches."""
    months = (each for name, each in snapshot.windows.items() if len(name) == _MONTH_LENGTH)
    return tuple(each for each in months if _overlap(parse_window(each.name), span))


def stored_pieces(snapshot: Snapshot, span: Span, *, view: str, by: str) -> tuple[StoredPiece, ...]:
    """The stored windows that cover a span of a pair; those without cells left out."""
    if not has_longer(view, by):
        months = stored_months(snapshot, span)
        return tuple((Piece("day", each.name, span), each) for each in months)
    years = [parse_window(name) for name in snapshot.windows if len(name) == _YEAR_LENGTH]
    if not years:
        return ()
    # Clipped to the years with cells, or `from` alone would ask for eight thousand empty ones.
    data = Span(min(year.first for year in years), max(year.end for year in years))
    clipped = Span(max(span.first, data.first), min(span.end, data.end))
    wanted = pieces(ALL if clipped == data else clipped)
    windows = snapshot.windows
    return tuple((piece, windows[piece.window]) for piece in wanted if piece.window in windows)


def read_pieces(store: Store, view: str, slice_: Slice, parts: tuple[StoredPiece, ...]) -> Chart:
    """The chart of some pieces together; keys distinct and ascending."""
    if not has_longer(view, slice_.by):  # months of days alone, often many: read at once
        cells = reading.batch_cells(store, view, slice_, [window for _, window in parts])
        return chart_within(cells, parts[0][0].span, view=view) if parts else no_chart()
    charts = [_read_piece(store, view, slice_, piece, window) for piece, window in parts]
    # A single one is distinct and ascending as it is.
    return charts[0] if len(charts) == 1 else folded(charts)


def chart_within(cells: Cells, span: Span, *, view: str) -> Chart:
    """Sums by key of the finest cells of a view whose day lies in the span."""
    if not span.is_all:
        cells = cells.where(within(cells, span, finest=VIEWS[view].finest))
    return folded([Chart(cells.key, cells.measures)])


def _overlap(one: Span, other: Span) -> bool:
    return one.first < other.end and other.first < one.end


def _read_piece(
    store: Store, view: str, slice_: Slice, piece: Piece, window: StoredWindow
) -> Chart:
    if piece.grain != "day":
        return reading.batch_chart(store, view, slice_, piece.grain, window)
    cells = reading.batch_cells(store, view, slice_, [window])
    return chart_within(cells, piece.span, view=view)
