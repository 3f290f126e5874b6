"""Checksums of cells that add up as cells do.

A month's checksum is the sum of hash(cell) x measures over its cells, modulo a prime. Cells merge
by addition and so do their checksums, whatever the order and however they are split: that's how a
new version is held against the version before plus the commits in between without holding either
in memory, how a window that didn't change is known, and why the checksum of a month is also the
sum over its listens, before any of them are summed into cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from hashlib import blake2b

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from listens.aggregation.cells import counted
from listens.packing import Cells, Ints, Keys
from listens.rules import MEASURES
from listens.views import PAIRS, VIEWS
from listens.windows import A_DAY

Checksum = tuple[int, int]
"""Two independent sums below PRIME: two different sets of cells agree once in 2^62."""

PRIME = (1 << 31) - 1
"""A Mersenne prime: products of two residues stay exact in 64 bits."""

NO_CELLS: Checksum = (0, 0)

ROWS_EXACT = 1 << 22
"""So many residues add up below 2^53, to which a double is exact: numpy counts in doubles."""

# Residues far apart, so that a count moved from one measure to another shows.
_WEIGHTS = [
    1, 1_203_094_721, 48_271, 1_664_525_101, 69_621, 742_938_285, 950_706_376, 630_360_016,
    1_226_874_159, 62_089_911, 1_343_714_438, 397_204_094,
]  # fmt: skip

Hashes = NDArray[np.uint64]


def listens_checksums(listens: pa.Table) -> dict[str, Checksum]:
    """Month → checksum of the cells of some listens (COUNTED_SCHEMA, each event once)."""
    columns = counted(listens)
    weight = _weight(columns.measures, listens.num_rows)
    sums: dict[str, Checksum] = {}
    for pair, (view, by) in enumerate(PAIRS):
        value, key, window, rows = columns.of_pair(view, by)
        hashes = mixed(
            pair,
            hashed(value.distinct)[value.places[rows]],
            hashed_keys(key.distinct, view=view)[key.places[rows]],
            window.distinct[window.places[rows]],
        )
        months = month_numbers(window.distinct, view=view)[window.places[rows]]
        sums = joined(sums, _by_month(months, hashes, weight[rows]))
    return sums


def cells_checksums(pair: int, cells: Cells) -> dict[str, Checksum]:
    """Month → checksum of finest cells of one pair; they needn't be distinct."""
    view = PAIRS[pair][0]
    values, value = np.unique(cells.value, return_inverse=True)
    hashes = mixed(pair, hashed(values)[value], hashed_keys(cells.key, view=view), cells.window)
    return _by_month(
        month_numbers(cells.window, view=view), hashes, _weight(cells.measures, len(cells))
    )


def chart_checksum(pair: int, cells: Cells) -> Checksum:
    """The checksum of cells by value and key alone, whatever their windows.

    So a chart and the finer ones that it's the sum of have the same.
    """
    within_one = Cells(np.zeros_like(cells.window), cells.value, cells.key, cells.measures)
    return next(iter(cells_checksums(pair, within_one).values()), NO_CELLS)


def joined(first: dict[str, Checksum], second: dict[str, Checksum]) -> dict[str, Checksum]:
    """The checksums of both sets of cells together."""
    return first | {
        month: added(first.get(month, NO_CELLS), checksum) for month, checksum in second.items()
    }


def added(first: Checksum, second: Checksum) -> Checksum:
    """The checksum of both sets of cells together."""
    return (first[0] + second[0]) % PRIME, (first[1] + second[1]) % PRIME


def month_numbers(windows: Ints, *, view: str) -> Ints:
    """Months since 1970 of a view's finest windows."""
    days = windows // A_DAY[VIEWS[view].finest]
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_label(month: int) -> str:
    """A month since 1970 as windows name it, like 2026-01."""
    return str(np.datetime64(month, "M"))


def hashed(texts: Keys) -> Hashes:
    """64 bits of each text; padding with NUL changes nothing."""
    digests = b"".join(blake2b(text, digest_size=8).digest() for text in texts.tolist())
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def hashed_keys(keys: Keys, *, view: str) -> Hashes:
    """64 bits of each key; an id is a hash already, and any of its halves is as good."""
    if VIEWS[view].key_type == "id":
        halves = np.ascontiguousarray(keys.astype("S16")).view("<u8").reshape(-1, 2)
        return halves[:, 0].astype(np.uint64) ^ _stirred(halves[:, 1].astype(np.uint64))
    distinct, places = np.unique(keys, return_inverse=True)
    hashes: Hashes = hashed(distinct)[places]
    return hashes


def mixed(pair: int, value: Hashes, key: Hashes, window: Ints) -> Hashes:
    """The hash of each cell."""
    place = window.astype(np.int64).view(np.uint64) ^ np.uint64((pair + 1) << 48)
    return _stirred(key ^ _stirred(value ^ _stirred(place)))


def _stirred(bits: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014): every bit changes half of all."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _weight(measures: dict[str, Ints], rows: int) -> Ints:
    terms = (
        (weight * (measures[name] % PRIME)) % PRIME
        for weight, name in zip(_WEIGHTS, MEASURES, strict=True)
        if name in measures
    )
    return reduce(np.add, terms, np.zeros(rows, np.int64)) % PRIME


def _by_month(months: Ints, hashes: Hashes, weight: Ints) -> dict[str, Checksum]:
    found: dict[str, Checksum] = {}
    for part in _parts(len(months)):
        first = int(months[part].min())
        halves = [
            np.bincount(months[part] - first, (half * weight[part]) % PRIME)
            for half in _residues(hashes[part])
        ]
        here = {
            month_label(first + place): (
                int(halves[0][place]) % PRIME,
                int(halves[1][place]) % PRIME,
            )
            for place in np.flatnonzero((halves[0] != 0) | (halves[1] != 0)).tolist()
        }
        found = joined(found, here)
    return found


def _residues(hashes: Hashes) -> Iterator[Ints]:
    for half in (hashes, hashes >> np.uint64(32)):
        yield (half & np.uint64(0xFFFFFFFF)).astype(np.int64) % PRIME


def _parts(rows: int) -> Iterator[slice]:
    for first in range(0, rows, ROWS_EXACT):
        yield slice(first, min(first + ROWS_EXACT, rows))
