"""Random draws, many at once: by weight, and by a hash that gives the same one again.

A hashed draw needs no memory: the seventh favourite song of a listener is computed from the
listener and the seven, whenever it is wanted and in whatever block of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Keys = NDArray[np.uint64]

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def mixed(keys: Keys) -> Keys:
    """SplitMix64's finaliser (Steele, Lea and Flood, 2014): neighbours become strangers."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def hashed(keys: Keys, stream: int) -> Keys:
    """A key of each key; streams of one key are independent of each other."""
    return mixed(keys + np.uint64(_GOLDEN * (stream + 1) & _MASK))


def uniform(keys: Keys, stream: int) -> Floats:
    """A number in [0, 1) for each key, always the same one."""
    drawn: Floats = (hashed(keys, stream) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return drawn


def shares(weights: Iterable[float] | Floats) -> Floats:
    """Cumulated shares, of which the last is 1."""
    cumulated = np.cumsum(np.asarray(weights, dtype=np.float64))
    result: Floats = cumulated / cumulated[-1]
    return result


def choose(rng: np.random.Generator, options: Mapping[Any, float], count: int) -> Integers:
    """Positions in `options`, each as often as its weight says."""
    cumulated = shares([*options.values()])
    return np.searchsorted(cumulated, rng.random(count), side="right").astype(np.int64)


def choose_by_row(rng: np.random.Generator, tables: Floats, row: Integers) -> Integers:
    """For each of `row` a column of that row of `tables`, which holds weights."""
    cumulated = np.cumsum(tables, axis=1)
    # Each row's shares are moved above those of the row before: one search finds the column.
    flat = (cumulated / cumulated[:, -1:] + np.arange(len(tables))[:, None]).ravel()
    found = np.searchsorted(flat, row + rng.random(len(row)), side="right")
    columns = tables.shape[1]
    chosen: Integers = np.clip(found - row * columns, 0, columns - 1).astype(np.int64)
    return chosen
