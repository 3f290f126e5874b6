"""Who has which key, of as many listeners as there's room for: a theta sketch of pairs.

Each listener has a hash, the same in every window and layer. A sketch holds all pairs of listener
and key of the listeners whose hash is below a threshold, so that what it holds is a fair sample of
the listeners, two sketches merge, and one that was never cut is no sample but exact. Where there
are too many pairs, the threshold falls to the first listener who doesn't fit. Such a threshold may
be taken as if it had been chosen beforehand: a count over the sampled share is unbiased (D. Ting,
Adaptive Threshold Sampling, arXiv 1708.04970). Pure numpy, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from listens.packing import Ints

EVERYBODY = 1 << 62
"""The threshold that no hash reaches: hashes have 62 bits, so that both fit a signed column."""

_Z95 = 1.96
"""Standard errors to each side that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Sketch:
    """Pairs of listener and key, ascending by both, each once.

    Attributes:
        until: the threshold: all pairs of the listeners whose hash is below it are here.
        listener: hash of the listener.
        key: place of the key among those that the sketch is about.
        sums: the sum of all measures. Below zero where more was taken back than is here, which a
            merge makes up for.
    """

    until: int
    listener: Ints
    key: Ints
    sums: Ints

    def __len__(self) -> int:
        return len(self.key)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.listener.nbytes + self.key.nbytes + self.sums.nbytes

    @property
    def share(self) -> float:
        """Of all listeners, the share that was looked at; 1 where it's exact."""
        return self.until / EVERYBODY


def hashes_of(listeners: Sequence[str]) -> Ints:
    """The hash of each, evenly spread from 0 until EVERYBODY."""
    digests = (blake2b(name.encode(), digest_size=8).digest() for name in listeners)
    return (np.frombuffer(b"".join(digests), "<u8") >> 2).astype(np.int64)


def sketch_of(
    listener: Ints, key: Ints, sums: Ints, *, most: int, until: int = EVERYBODY
) -> Sketch:
    """The sketch of rows in any order, of which several may be of one pair.

    Args:
        listener: hash of each row's listener.
        key: place of each row's key.
        sums: what each row adds to its pair.
        most: how many pairs may be in it at most; the threshold falls until they fit.
        until: the threshold of the rows; those beyond it are left out.
    """
    if until < EVERYBODY:
        listener, key, sums = _where(listener < until, listener, key, sums)
    order = np.lexsort((key, listener))
    listener, key, sums = listener[order], key[order], sums[order]
    is_first = np.ones(len(key), np.bool_)
    is_first[1:] = (listener[1:] != listener[:-1]) | (key[1:] != key[:-1])
    firsts = np.flatnonzero(is_first)
    if len(firsts) < len(key):
        sums = np.add.reduceat(sums, firsts)
        listener, key = listener[firsts], key[firsts]
    if not sums.all():  # nothing is left of it
        listener, key, sums = _where(sums != 0, listener, key, sums)
    there = np.flatnonzero(sums > 0)
    if len(there) > most:
        until = int(listener[there[most]])
        end = int(np.searchsorted(listener, until))
        listener, key, sums = listener[:end], key[:end], sums[:end]
    return Sketch(until, listener, key, sums)


def united(sketches: Sequence[Sketch], *, most: int) -> Sketch:
    """The sketch of what several hold together, of at most so many pairs."""
    none = np.empty(0, np.int64)
    return sketch_of(
        np.concatenate([none, *(each.listener for each in sketches)]),
        np.concatenate([none, *(each.key for each in sketches)]),
        np.concatenate([none, *(each.sums for each in sketches)]),
        most=most,
        until=min((each.until for each in sketches), default=EVERYBODY),
    )


def placed(sketch: Sketch, places: NDArray[np.intp], known: NDArray[np.bool_]) -> Sketch:
    """The sketch about other ascending keys.

    Args:
        sketch: about the former keys.
        places: for each former key, its place among the others; ascending.
        known: whether it's among them; pairs of those that aren't are left out.
    """
    listener, key, sums = sketch.listener, sketch.key, sketch.sums
    if not known.all():
        listener, key, sums = _where(known[key], listener, key, sums)
    return Sketch(sketch.until, listener, places[key].astype(np.int64), sums)


def seen_by_key(sketch: Sketch, n: int) -> Ints:
    """For each of n keys, how many of the listeners who were looked at have it."""
    return np.bincount(sketch.key[sketch.sums > 0], minlength=n).astype(np.int64)


def estimate(seen: int, share: float) -> int | None:
    """How many listeners a key has, where so many of a share of them have it.

    None where nobody of a part has it: it has somebody, and the part can't tell how many.
    """
    return round(seen / share) if seen or share == 1 else None


def relative_error(seen: int, share: float) -> float | None:
    """By which part of itself an estimate may be off, in 95 of 100 cases; 0 where it's exact.

    Of n listeners, each is in the share by itself: the variance of the estimate is
    n (1 - share) / share. Taken as normal, which is rough where fewer than ten were seen.
    """
    if share == 1:
        return 0.0
    return round(_Z95 * ((1 - share) / seen) ** 0.5, 4) if seen else None


def _where(wanted: NDArray[np.bool_], *columns: Ints) -> tuple[Ints, ...]:
    return tuple(column[wanted] for column in columns)
