"""From listens to cells: one function, run by the speed layer and by the batch layer.

Columns in, columns out, in numpy: a listen touches some fourteen cells, and as many rows through
Spark's own aggregation cost ten times as much (docs/decisions/0005). Spark decides what each
listen counts (`counted`), distributes, and here only equal cells are added up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from listens.packing import Cells, Ints, Keys
from listens.rules import MEASURES
from listens.views import EVERYONE, PAIRS, SLICES, VIEWS
from listens.windows import A_DAY

WINDOWS = tuple(A_DAY)
"""The finest windows of views; the columns that name them."""

Places = NDArray[np.intp]


def key_column(view: str) -> str:
    """The column with a view's key."""
    return f"key_{view}"


def slice_column(by: str) -> str:
    """The column with a slice's value."""
    return f"slice_{by}"


def measure_column(name: str) -> str:
    """The column with what a listen adds to a measure."""
    return f"measure_{name}"


COUNTED_SCHEMA = pa.schema(
    [
        *((name, pa.int32()) for name in WINDOWS),
        *((key_column(view), pa.binary()) for view in VIEWS),
        *((slice_column(by), pa.string()) for by in SLICES),
        *((measure_column(name), pa.int64()) for name in MEASURES),
    ]
)
"""The columns that cells are made of, one row a listen."""


Distinct = TypeVar("Distinct", Keys, Ints)


@dataclass(frozen=True)
class Coded(Generic[Distinct]):
    """A column as places in its distinct ascending values; -1 where it's null."""

    distinct: Distinct
    places: Places


@dataclass(frozen=True)
class Counted:
    """Columns of `counted` as numpy takes them, each coded once for all pairs."""

    windows: dict[str, Coded[Ints]]
    keys: dict[str, Coded[Keys]]
    slices: dict[str, Coded[Keys]]
    measures: dict[str, Ints]
    """Those that aren't zero throughout."""
    adds: NDArray[np.bool_]
    """Whether the listen adds anything at all."""

    def of_pair(self, view: str, by: str) -> tuple[Coded[Keys], Coded[Keys], Coded[Ints], Places]:
        """Slice, key and window of a pair, and the rows that are in it."""
        value, key = self.slices[by], self.keys[view]
        window = self.windows[VIEWS[view].finest]
        within = self.adds & (key.places >= 0) & (value.places >= 0)
        return value, key, window, np.flatnonzero(within)


@dataclass(frozen=True)
class CodedCells:
    """Distinct cells of one pair, ascending by (value, key, window); each a place in its list."""

    pair: int
    values: Keys
    keys: Keys
    windows: Ints
    value: Places
    key: Places
    window: Places
    measures: dict[str, Ints]

    def __len__(self) -> int:
        return len(self.key)

    def decoded(self) -> Cells:
        """The cells with their values, keys and windows themselves."""
        return Cells(
            self.windows[self.window],
            self.values[self.value],
            self.keys[self.key],
            self.measures,
        )


def cells(listens: pa.Table) -> Iterator[CodedCells]:
    """Sum listens into cells of every view and slice, at each view's finest window.

    Args:
        listens: COUNTED_SCHEMA, as `listens.aggregation.counted` gives it; each event once. A
            few hundred thousand rows at a time: the working arrays take some 300 bytes
            a row.

    Yields:
        The cells of each pair that has any. Cells of which every measure is zero are left out.
    """
    columns = counted(listens)
    for pair, (view, by) in enumerate(PAIRS):
        value, key, window, rows = columns.of_pair(view, by)
        if not len(rows):
            continue
        codes = (value.places[rows], key.places[rows], window.places[rows])
        sizes = (len(value.distinct), len(key.distinct), len(window.distinct))
        order, starts = grouped(codes, sizes)
        first = order[starts]
        yield CodedCells(
            pair,
            value.distinct,
            key.distinct,
            window.distinct,
            codes[0][first],
            codes[1][first],
            codes[2][first],
            _sums(columns.measures, rows[order], starts),
        )


def counted(listens: pa.Table) -> Counted:
    """The columns of a table, coded."""
    columns = {name: _ints(listens[measure_column(name)]) for name in MEASURES}
    measures = {name: column for name, column in columns.items() if column.any()}
    adds = np.zeros(listens.num_rows, np.bool_)
    for column in measures.values():
        adds |= column > 0
    everyone = Coded(np.zeros(1, "S1"), np.zeros(listens.num_rows, np.intp))
    return Counted(
        {name: _coded_window(_ints(listens[name])) for name in WINDOWS},
        {
            view.name: _coded_text(listens[key_column(view.name)], is_id=view.key_type == "id")
            for view in VIEWS.values()
        },
        {
            EVERYONE: everyone,
            **{by: _coded_text(listens[slice_column(by)], is_id=False) for by in SLICES},
        },
        measures,
        adds,
    )


def grouped(codes: tuple[Places, ...], sizes: tuple[int, ...]) -> tuple[Places, Places]:
    """An order in which equal codes stand together, ascending, and where each group starts.

    Args:
        codes: parallel columns of numbers from 0, the most significant first.
        sizes: above the largest number of each column.
    """
    if not len(codes[0]):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    if math.prod(sizes) >= 1 << 63:
        order = np.lexsort(codes[::-1])
        changes = np.zeros(len(order) - 1, np.bool_)
        for code in codes:
            changes |= np.diff(code[order]) != 0
    else:
        # One number a row: sorting it is several times as fast as sorting by columns.
        joined = codes[0].astype(np.int64)
        for code, size in zip(codes[1:], sizes[1:], strict=True):
            joined = joined * size + code
        order = np.argsort(joined)
        changes = np.diff(joined[order]) != 0
    return order, np.concatenate([[0], np.flatnonzero(changes) + 1])


def summed(column: Ints, starts: Places) -> Ints:
    """The sum of each group of an ordered column."""
    return np.add.reduceat(column, starts) if len(starts) else column[:0]


def _sums(measures: dict[str, Ints], rows: Places, starts: Places) -> dict[str, Ints]:
    """The sums of each measure; most histories know neither ratings nor ages."""
    none = np.zeros(len(starts), np.int64)
    return {
        name: summed(measures[name][rows], starts) if name in measures else none
        for name in MEASURES
    }


def _ints(column: pa.ChunkedArray) -> Ints:
    numbers: Ints = pc.fill_null(column, 0).to_numpy().astype(np.int64, copy=False)
    return numbers


def _coded_window(column: Ints) -> Coded[Ints]:
    distinct, places = np.unique(column, return_inverse=True)
    return Coded(distinct, places)


def _coded_text(column: pa.ChunkedArray, *, is_id: bool) -> Coded[Keys]:
    encoded = column.cast(pa.binary()).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):  # an empty column has no chunk to combine
        return Coded(np.empty(0, "S1"), np.empty(0, np.intp))
    texts = encoded.dictionary
    distinct = (
        np.frombuffer(texts.cast(pa.binary(16)).buffers()[1], "S16", len(texts))
        if is_id and len(texts)
        else np.array(texts.to_pylist(), dtype=np.bytes_)
    )
    order = np.argsort(distinct)
    rank = np.empty(len(order) + 1, np.intp)
    rank[order] = np.arange(len(order))
    rank[-1] = -1  # where a null's place, -1, points
    return Coded(distinct[order], rank[pc.fill_null(encoded.indices, -1).to_numpy()])
