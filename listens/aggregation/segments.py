"""Cells of one commit as the documents of `speed_segments`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from listens.aggregation.cells import CodedCells
from listens.packing import Cells, pack_cells, shard_of
from listens.views import PAIRS

SPLIT_FROM = 4_096
"""Cells from which a segment is split by its slice values: below it, one read costs less."""


def segments(parts: Iterable[CodedCells], *, seq: int) -> list[dict[str, Any]]:
    """Pack the result of `listens.aggregation.cells`: a document a pair and shard."""
    return [
        _document(cells, pair=of_pair.pair, seq=seq, shard=shard)
        for of_pair in parts
        for shard, cells in _by_shard(of_pair)
    ]


def _by_shard(of_pair: CodedCells) -> Iterator[tuple[int, Cells]]:
    cells = of_pair.decoded()
    if len(of_pair) < SPLIT_FROM or of_pair.value[0] == of_pair.value[-1]:
        yield -1, cells
        return
    shards = np.array([shard_of(value) for value in of_pair.values.tolist()])[of_pair.value]
    for shard in np.unique(shards).tolist():
        yield shard, cells.where(shards == shard)


def _document(cells: Cells, *, pair: int, seq: int, shard: int) -> dict[str, Any]:
    view, by = PAIRS[pair]
    return {
        "seq": seq,
        "view": view,
        "by": by,
        "shard": shard,
        "first": int(cells.window.min()),
        "last": int(cells.window.max()),
        **pack_cells(cells),
    }
