"""Reading charts of many values of a slice at once, for those who ask only who has what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from api.merging.snapshot import StoredWindow
from listens.packing import Ints, Keys, unpack_column, unpack_sums
from listens.store import BATCH_CHARTS, SPEED_SEGMENTS, Document, Store


class SumsByValue(NamedTuple):
    """Cells of some values of a slice, with the sum of all measures of each.

    Attributes:
        values: the values.
        place: of each cell, where its value stands in `values`.
        window: as the finest grain of the view has it; 0 where the grain is longer than days.
        key: what is counted.
        sums: below zero only where an erasure takes back.
    """

    values: list[str]
    place: Ints
    window: Ints
    key: Keys
    sums: Ints

    def where(self, wanted: NDArray[np.bool_]) -> SumsByValue:
        """The cells of a mask."""
        place, window = self.place[wanted], self.window[wanted]
        return SumsByValue(self.values, place, window, self.key[wanted], self.sums[wanted])


def batch_sums(
    store: Store, view: str, by: str, grain: str, window: StoredWindow, values: Sequence[str]
) -> Iterator[SumsByValue]:
    """A window's charts by some values of a slice, a document each."""
    charts = store[BATCH_CHARTS].find(
        {"view": view, "by": by, "value": {"$in": [*values]}, "grain": grain,
         "window": window.name, "generation": window.generation}
    )  # fmt: skip
    for document in charts:
        key, sums = unpack_sums(document)
        nowhere = np.zeros(len(key), np.int64)
        yield SumsByValue(
            [document["value"]],
            nowhere,
            _windows(document, "windows") if "windows" in document else nowhere,
            key,
            sums,
        )


def speed_sums(store: Store, view: str, by: str, after: int, until: int) -> Iterator[SumsByValue]:
    """The speed layer's cells of all values of a slice, a segment each, of some commits."""
    wanted = {"view": view, "by": by, "seq": {"$gt": after, "$lte": until}}
    for document in store[SPEED_SEGMENTS].find(wanted):
        key, sums = unpack_sums(document)
        place = unpack_column(document["value"], len(key))
        yield SumsByValue(document["values"], place, _windows(document, "window"), key, sums)


def _windows(document: Document, name: str) -> Ints:
    return np.frombuffer(document[name], "<i4").astype(np.int64)
