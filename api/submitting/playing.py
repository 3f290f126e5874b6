"""What listeners hear right now, as their players say: kept in memory, and counted nowhere."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

MOST_LISTENERS = 10_000
"""Those who were told of last, in about as many kilobytes."""

UNKNOWN_LENGTH_SECONDS = 600
LONGEST_SECONDS = 24 * 3600

Track = Mapping[str, Any]


class Playing:
    """The track that each listener hears, until it must be over; safe among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tracks: OrderedDict[str, tuple[float, Track]] = OrderedDict()

    def begins(self, listener: str, track: Track, length_ms: int | None) -> None:
        """A listener's player has begun a track."""
        seconds = length_ms / 1000 if length_ms else UNKNOWN_LENGTH_SECONDS
        with self._lock:
            self._tracks[listener] = (time.monotonic() + min(seconds, LONGEST_SECONDS), track)
            self._tracks.move_to_end(listener)
            if len(self._tracks) > MOST_LISTENERS:
                self._tracks.popitem(last=False)

    def of(self, listener: str) -> Track | None:
        """What a listener hears."""
        with self._lock:
            until, track = self._tracks.get(listener, (0.0, None))
        return track if time.monotonic() < until else None
