"""Cells of one commit as the documents of `speed_segments`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from listens.packing import Cells, Keys, pack_cells, shard_of
from listens.rules import MEASURES
from listens.views import PAIRS

SPLIT_FROM = 4_096
"""Cells from which a segment is split by its slice values: below it, one read costs less."""


def segments(cells: pa.Table, *, seq: int) -> list[dict[str, Any]]:
    """Pack the result of `listens.aggregation.cells`: a document a pair and shard."""
    return [
        _document(part, pair=pair, seq=seq, shard=shard)
        for pair, cells_of_pair in _by_pair(cells)
        for shard, part in _by_shard(cells_of_pair)
    ]


def _by_pair(cells: pa.Table) -> Iterator[tuple[int, Cells]]:
    ordered = cells.sort_by("pair").combine_chunks()
    pairs = ordered["pair"].to_numpy()
    for pair in np.unique(pairs).tolist():
        first, end = np.searchsorted(pairs, [pair, pair + 1]).tolist()
        yield pair, cells_of(ordered.slice(first, end - first))


def cells_of(table: pa.Table) -> Cells:
    """Columns `value`, `window`, `key` and the measures as packed cells take them."""
    return Cells(
        table["window"].to_numpy().astype(np.int64),
        _text(table["value"]),
        np.array(table["key"].to_pylist(), dtype=np.bytes_),
        {name: table[name].to_numpy().astype(np.int64) for name in MEASURES},
    )


def _text(column: pa.ChunkedArray) -> Keys:
    encoded = pc.dictionary_encode(column).combine_chunks()
    words = np.array([word.encode() for word in encoded.dictionary.to_pylist()], dtype=np.bytes_)
    texts: Keys = words[encoded.indices.to_numpy()]
    return texts


def _by_shard(cells: Cells) -> Iterator[tuple[int, Cells]]:
    values, places = np.unique(cells.value, return_inverse=True)
    if len(cells) < SPLIT_FROM or len(values) == 1:
        yield -1, cells
        return
    shards = np.array([shard_of(value) for value in values.tolist()])[places]
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
