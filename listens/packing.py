"""Cells as packed arrays: how they are stored in MongoDB, added up and compared.

A document holds one byte string a column, so that a reader gets numpy arrays without making a
Python object a number. Numbers are little-endian; a column's item size is its length over `n`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from listens.rules import MEASURES

Keys = NDArray[np.bytes_]
Ints = NDArray[np.int64]

SHARDS = 16

_SIZES: dict[int, np.dtype[Any]] = {size: np.dtype(f"<u{size}") for size in (1, 2, 4, 8)}
_WINDOW = np.dtype("<i4")


@dataclass(frozen=True)
class Cells:
    """Cells of one view and slice, one row a cell.

    Attributes:
        window: day, hour or minute since 1970 in the reporting zone, as the view's finest grain
            says.
        value: slice value of each row, UTF-8; all empty where the slice is everyone.
        key: what is counted, 16 bytes or UTF-8 text; of equal width by padding with NUL.
        measures: measure → its sums; every measure of `listens.rules.MEASURES`.
    """

    window: Ints
    value: Keys
    key: Keys
    measures: dict[str, Ints]

    def __len__(self) -> int:
        return len(self.key)

    def where(self, wanted: NDArray[np.bool_] | NDArray[np.intp]) -> Cells:
        """The rows of a mask, or the rows at these places in this order."""
        return Cells(
            self.window[wanted],
            self.value[wanted],
            self.key[wanted],
            {name: column[wanted] for name, column in self.measures.items()},
        )


@dataclass(frozen=True)
class Chart:
    """Sums by key: keys are distinct and ascending, measures parallel to them."""

    key: Keys
    measures: dict[str, Ints]

    def __len__(self) -> int:
        return len(self.key)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.key.nbytes + sum(column.nbytes for column in self.measures.values())


def no_chart() -> Chart:
    """The chart of nothing."""
    return Chart(np.empty(0, "S1"), {name: np.empty(0, np.int64) for name in MEASURES})


def pack_column(numbers: Ints) -> bytes:
    """Non-negative integers in the fewest bytes an item that hold the largest."""
    largest = int(numbers.max(initial=0))
    size = next(size for size in _SIZES if largest < 1 << (8 * size))
    return bytes(numbers.astype(_SIZES[size]).tobytes())


def unpack_column(packed: bytes, n: int) -> Ints:
    """The inverse of `pack_column`, as int64."""
    return np.frombuffer(packed, _SIZES[len(packed) // n]).astype(np.int64) if n else _zeros(0)


def pack_chart(key: Keys, measures: Mapping[str, Ints]) -> dict[str, Any]:
    """The fields `n`, `key` and `measures` of a document; measures that are all zero left out.

    Numbers below zero, which only an erasure makes, are in `minus` with their sign turned.
    """
    document: dict[str, Any] = {
        "n": len(key),
        "key": key.tobytes(),
        "measures": _packed_above(measures, sign=1),
    }
    minus = _packed_above(measures, sign=-1)
    return document | {"minus": minus} if minus else document


def pack_charts(
    key: Keys, measures: Mapping[str, Ints], edges: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """What `pack_chart` makes of the rows from each edge to the next, of which none is empty.

    Most charts are of a few rows, and each numpy call on one costs more than the rows do: columns
    are packed whole, and cut as bytes. No number is below zero.
    """
    keys = _Packed.of(key)
    columns = {name: _packed_by_size(column, edges) for name, column in measures.items()}
    for place, (first, end) in enumerate(pairwise(edges)):
        packed = {
            name: by_size[size].rows(first, end)
            for name, (sizes, by_size) in columns.items()
            if (size := sizes[place])
        }
        yield {"n": end - first, "key": keys.rows(first, end), "measures": packed}


def unpack_chart(document: Mapping[str, Any]) -> Chart:
    """The chart in a document's `n`, `key` and `measures`, in the document's order."""
    n = int(document["n"])
    return Chart(_unpack_keys(document["key"], n), _unpack_measures(document, n))


def unpack_charts(documents: Sequence[Mapping[str, Any]]) -> Chart:
    """The rows of several documents, one after the other, of the measures that any of them has.

    Keys stand as often as there are rows of them. No number is below zero.
    """
    names = sorted({name for document in documents for name in document["measures"]})
    counts = [int(document["n"]) for document in documents]
    keys = [_unpack_keys(document["key"], n) for document, n in zip(documents, counts, strict=True)]
    return Chart(
        np.concatenate(keys), {name: _unpack_columns(documents, counts, name) for name in names}
    )


def _unpack_columns(documents: Sequence[Mapping[str, Any]], counts: list[int], name: str) -> Ints:
    columns = [
        np.frombuffer(packed, _SIZES[len(packed) // n])
        if (packed := document["measures"].get(name))
        else np.zeros(n, np.uint8)
        for document, n in zip(documents, counts, strict=True)
    ]
    return np.concatenate(columns).astype(np.int64)


def unpack_sums(document: Mapping[str, Any]) -> tuple[Keys, Ints]:
    """The keys in a document, and of each the sum of all measures: for those who ask no more."""
    n = int(document["n"])
    sums = _zeros(n)
    for packed in document["measures"].values():
        sums += unpack_column(packed, n)
    for packed in document.get("minus", {}).values():
        sums -= unpack_column(packed, n)
    return _unpack_keys(document["key"], n), sums


def pack_cells(cells: Cells) -> dict[str, Any]:
    """As `pack_chart`, with `window`, and `values` and `value` (places in `values`).

    Both are left out of cells of everyone.
    """
    document: dict[str, Any] = {"window": cells.window.astype(_WINDOW).tobytes()}
    values, places = np.unique(cells.value, return_inverse=True)
    if values.tolist() != [b""]:
        document["values"] = [value.decode() for value in values.tolist()]
        document["value"] = pack_column(places.astype(np.int64))
    return document | pack_chart(cells.key, cells.measures)


def unpack_cells(document: Mapping[str, Any]) -> Cells:
    """The cells in a document of `pack_cells`."""
    n = int(document["n"])
    value = np.zeros(n, "S1")
    if "values" in document:
        values = np.array([text.encode() for text in document["values"]], dtype=np.bytes_)
        value = values[unpack_column(document["value"], n)]
    chart = unpack_chart(document)
    window = np.frombuffer(document["window"], _WINDOW).astype(np.int64)
    return Cells(window, value, chart.key, chart.measures)


def shard_of(value: bytes) -> int:
    """The shard that holds a slice value's cells in a segment that is split."""
    return crc32(value) % SHARDS


def folded(charts: Iterable[Chart]) -> Chart:
    """Add charts up, key by key; their keys need be neither distinct nor sorted."""
    parts = [chart for chart in charts if len(chart)]
    if not parts:
        return no_chart()
    key, places = np.unique(np.concatenate([part.key for part in parts]), return_inverse=True)
    measures = {
        name: _summed(np.concatenate([part.measures[name] for part in parts]), places, len(key))
        for name in MEASURES
    }
    return Chart(key, measures)


def _summed(column: Ints, places: NDArray[np.intp], n: int) -> Ints:
    sums = np.zeros(n, np.int64)
    np.add.at(sums, places, column)
    return sums


def _unpack_keys(packed: bytes, n: int) -> Keys:
    return np.frombuffer(packed, f"S{len(packed) // n}") if n else np.empty(0, "S1")


def _unpack_measures(document: Mapping[str, Any], n: int) -> dict[str, Ints]:
    above, below = document["measures"], document.get("minus", {})
    measures = {
        name: unpack_column(above[name], n) if name in above else _zeros(n) for name in MEASURES
    }
    for name, packed in below.items():
        measures[name] = measures[name] - unpack_column(packed, n)
    return measures


def _packed_above(measures: Mapping[str, Ints], *, sign: int) -> dict[str, bytes]:
    """The measures that exceed zero anywhere, times the sign, with zero elsewhere."""
    return {
        name: pack_column(np.maximum(sign * column, 0))
        for name, column in measures.items()
        if (sign * column > 0).any()
    }


@dataclass(frozen=True)
class _Packed:
    """A column's bytes."""

    data: bytes
    item: int

    @classmethod
    def of(cls, column: NDArray[Any]) -> _Packed:
        return cls(column.tobytes(), column.itemsize)

    def rows(self, first: int, end: int) -> bytes:
        return self.data[first * self.item : end * self.item]


def _packed_by_size(column: Ints, edges: Sequence[int]) -> tuple[list[int], dict[int, _Packed]]:
    """The item size of each chart, 0 where all of it is zero; and the column in those sizes."""
    largest = np.maximum.reduceat(column, np.asarray(edges[:-1], np.intp))
    sizes = np.zeros(len(largest), np.int64)
    for size in reversed(_SIZES):
        sizes[largest < np.float64(2) ** (8 * size)] = size
    sizes[largest == 0] = 0
    used = [size for size in _SIZES if (sizes == size).any()]
    return sizes.tolist(), {size: _Packed.of(column.astype(_SIZES[size])) for size in used}


def _zeros(n: int) -> Ints:
    return np.zeros(n, np.int64)
