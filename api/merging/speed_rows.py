"""The speed layer's cells since a cut, kept so that a new commit costs only its own rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from api.merging.merge import joined_cells
from listens.packing import Cells, Ints


@dataclass(frozen=True)
class Block:
    """Cells and the commit of each; `seq` is ascending."""

    seq: Ints
    cells: Cells

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        columns = (self.cells.window, self.cells.value, self.cells.key)
        arrays = (self.seq, *columns, *self.cells.measures.values())
        return sum(array.nbytes for array in arrays)


@dataclass(frozen=True)
class SpeedRows:
    """Cells of one view and slice, of the commits after `after` up to `until`."""

    after: int
    until: int
    blocks: tuple[Block, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(block.nbytes for block in self.blocks)

    def extended(self, block: Block, until: int) -> SpeedRows:
        """With the rows of the commits up to `until`.

        Blocks of like size are joined, so that a row is copied some log₂ n times in all and
        there are never more than that many blocks.
        """
        blocks = list(self.blocks)
        while blocks and len(blocks[-1].seq) <= 2 * len(block.seq):
            block = joined([blocks.pop(), block])
        if len(block.seq):
            blocks.append(block)
        return SpeedRows(self.after, until, tuple(blocks))

    def between(self, after: int, until: int) -> Cells:
        """The cells of the commits after `after` up to `until`."""
        parts = []
        for block in self.blocks:
            first, end = np.searchsorted(block.seq, [after, until], side="right")
            if first < end:
                parts.append(block.cells.where(np.arange(first, end)))
        return joined_cells(parts)


def joined(blocks: Sequence[Block]) -> Block:
    """One after the other."""
    return Block(
        np.concatenate([np.empty(0, np.int64), *(block.seq for block in blocks)]),
        joined_cells([block.cells for block in blocks]),
    )
