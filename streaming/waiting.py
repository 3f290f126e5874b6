"""A micro-batch as it waits to be committed: decoded once, however many commits it takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from listens.aggregation.counted import with_counted
from listens.aggregation.messages import decoded
from listens.erasures import Erasure
from listens.offsets import Offsets
from listens.settings import Settings
from streaming.offsets import not_before


class Waiting:
    """The messages of one micro-batch.

    Args:
        messages: as `listens.aggregation.messages.kafka_messages` gives them.
        settings: the reporting zone, and the views that are counted.
    """

    def __init__(self, messages: DataFrame, *, settings: Settings) -> None:
        self._messages = messages
        self._settings = settings
        self._events: pa.Table | None = None
        self._erased: Sequence[Erasure] = ()

    def from_(self, offsets: Offsets, *, erased: Sequence[Erasure]) -> pa.Table:
        """The events at or past the offsets, partition after partition in order.

        Any first part of them can be committed alone.

        Args:
            offsets: what has been counted.
            erased: erasures that forget messages past it.
        """
        # One that has begun since hides messages that were decoded already.
        if self._events is None or any(each not in self._erased for each in erased):
            events = decoded(not_before(self._messages, offsets), erased=erased)
            counted = with_counted(
                events,
                time_zone=self._settings.time_zone,
                optional_views=self._settings.counted_views,
            )
            table = counted.toArrow()
            self._events = table.sort_by([("partition", "ascending"), ("offset", "ascending")])
            self._erased = erased
        return self._events.filter(pa.array(_at_or_past(self._events, offsets)))


def _at_or_past(events: pa.Table, offsets: Offsets) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    partition, offset = events["partition"].to_numpy(), events["offset"].to_numpy()
    wanted = np.ones(len(offset), np.bool_)
    for number, counted in offsets.items():
        wanted &= (partition != number) | (offset >= counted)
    return wanted
