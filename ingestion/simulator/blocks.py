"""A history of any length, block after block of time: memory doesn't grow with its rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ingestion.simulator.playbacks import Playbacks, joined, make_playbacks
from ingestion.simulator.world import World
from ingestion.simulator.zones import DAY_MS

BLOCK_ROWS = 100_000
"""About 60 MB while a block is made."""


def simulated(world: World, *, rows: int) -> Iterator[Playbacks]:
    """The playbacks of the world's years, in order of time, so many in all.

    Each block has its own random numbers and an equal part of the time. What ends after a
    block's time goes over into the next one.
    """
    blocks = max(1, -(-rows // BLOCK_ROWS))
    # The last day is left free, so that a session that begins late doesn't leave the years.
    span = world.end_ms - DAY_MS - world.begin_ms
    over: list[Playbacks] = []
    for block in range(blocks):
        begin, end = (world.begin_ms + span * edge // blocks for edge in (block, block + 1))
        made = make_playbacks(
            world,
            world.generator(block),
            rows=rows * (block + 1) // blocks - rows * block // blocks,
            begin_ms=begin,
            end_ms=end,
        )
        waiting = joined([*over, made])
        is_due = waiting.ended_at_ms < end if block + 1 < blocks else np.ones(len(waiting), bool)
        over = [waiting.take(np.flatnonzero(~is_due))]
        due = waiting.take(np.flatnonzero(is_due))
        yield due.take(np.argsort(due.ended_at_ms, kind="stable"))
