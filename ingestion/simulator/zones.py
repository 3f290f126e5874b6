"""What the clocks of many zones show, for a million instants at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from ingestion.simulator.draws import Integers

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

# No zone changes its clocks twice within a week.
_LOOK_EVERY_MS = 7 * DAY_MS
_MINUTE_MS = 60_000
# Above any instant in ms, so that (zone, instant) is one sorted number.
_ZONE_STEP = 1 << 46


class ZoneOffsets:
    """Local time less UTC, by zone and instant.

    Args:
        zones: IANA names.
        begin_ms: of the span that is asked for, milliseconds since 1970.
        end_ms: its end; instants outside get the nearest offset within.
    """

    def __init__(self, zones: Sequence[str], begin_ms: int, end_ms: int) -> None:
        keys, offsets = [], []
        for number, zone in enumerate(zones):
            for at, offset in _changes(ZoneInfo(zone), begin_ms, end_ms):
                keys.append(number * _ZONE_STEP + at)
                offsets.append(offset)
        self._begin_ms = begin_ms
        self._keys = np.array(keys, dtype=np.int64)
        self._offsets = np.array(offsets, dtype=np.int64)

    def at(self, zone: Integers, utc_ms: Integers) -> Integers:
        """Milliseconds to add to UTC; `zone` is a position among the zones."""
        wanted = zone * _ZONE_STEP + np.maximum(utc_ms, self._begin_ms)
        found: Integers = self._offsets[np.searchsorted(self._keys, wanted, side="right") - 1]
        return found


def _changes(zone: ZoneInfo, begin_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """From when on which offset holds, in milliseconds."""
    offset = _offset(zone, begin_ms)
    yield begin_ms, offset
    for start in range(begin_ms, end_ms, _LOOK_EVERY_MS):
        low, high = start, start + _LOOK_EVERY_MS
        later = _offset(zone, high)
        if later == offset:
            continue
        while high - low > _MINUTE_MS:
            middle = (low + high) // 2
            low, high = (low, middle) if _offset(zone, middle) == later else (middle, high)
        offset = later
        yield high // _MINUTE_MS * _MINUTE_MS, offset


def _offset(zone: ZoneInfo, utc_ms: int) -> int:
    moment = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone)
    shift = moment.utcoffset()
    return int(shift.total_seconds() * 1000) if shift else 0
