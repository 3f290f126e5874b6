"""Simulated listens as if they happened now, without an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count

import numpy as np

from ingestion.simulator.messages import Row, rows_of
from ingestion.simulator.playbacks import make_playbacks
from ingestion.simulator.world import World
from ingestion.simulator.zones import HOUR_MS

_LIVE = 2
_MOST_ROWS, _FEWEST_ROWS = 20_000, 600


def live_rows(
    world: World, *, rate: float, now_ms: Callable[[], int] = lambda: time.time_ns() // 10**6
) -> Iterator[tuple[int, Row]]:
    """`(ended_at in ms, playback)` of the listeners who are awake, hour after hour.

    Whoever sends them says when they ended; listeners take turns as in a real hour.
    """
    # About a minute ahead, so that the parts of the day come and go; at least a few sessions.
    rows = int(np.clip(rate * 60, _FEWEST_ROWS, _MOST_ROWS))
    for block in count():
        begin = now_ms()
        playbacks = make_playbacks(
            world,
            world.generator(block, _LIVE),
            rows=rows,
            begin_ms=begin,
            end_ms=begin + HOUR_MS,
        )
        order = np.argsort(playbacks.ended_at_ms, kind="stable")
        for row in rows_of(playbacks.take(order)):
            yield row[2], row
