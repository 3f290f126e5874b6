"""What listeners hear right now, as their players say: kept in memory, and counted nowhere."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

MOST_LISTENERS = 2_000
"""Those who were told of last: at the protocol's 10 KiB a listen, 20 MiB at worst."""

UNKNOWN_LENGTH_SECONDS = 600
LONGEST_SECONDS = 24 * 3600

SHOWN = ("artist_name", "track_name", "release_name")
"""The rest may say who and where somebody is."""

Track = Mapping[str, Any]


class Playing:
    """The track that each listener hears, until it must be over; safe among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tracks: OrderedDict[str, tuple[float, Track]] = OrderedDict()

    def begins(self, listener: str, track: Track, length_ms: int | None) -> None:
        """A listener's player has begun a track."""
        seconds = length_ms / 1000 if length_ms else UNKNOWN_LENGTH_SECONDS
        until = time.monotonic() + min(seconds, LONGEST_SECONDS)
        shown = {name: track[name] for name in SHOWN if name in track}
        with self._lock:
            self._tracks[listener] = (until, shown)
            self._tracks.move_to_end(listener)
            if len(self._tracks) > MOST_LISTENERS:
                self._tracks.popitem(last=False)

    def of(self, listener: str) -> Track | None:
        """What a listener hears."""
        with self._lock:
            until, track = self._tracks.get(listener, (0.0, None))
        return track if time.monotonic() < until else None
