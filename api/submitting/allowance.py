"""How many requests of the ListenBrainz protocol a client may make, as its headers say."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 10
MOST_REQUESTS = 50
"""In a window: with a thousand listens in each, a history of a million takes three minutes."""


@dataclass(frozen=True)
class Left:
    """What is left to a client.

    Attributes:
        requests: in this window; negative once there were too many.
        seconds: until the next window, one at least.
        until: when that begins, in seconds since 1970.
    """

    requests: int
    seconds: int
    until: int

    def headers(self) -> dict[str, str]:
        """As clients of the protocol look for it."""
        return {
            "X-RateLimit-Limit": str(MOST_REQUESTS),
            "X-RateLimit-Remaining": str(max(self.requests, 0)),
            "X-RateLimit-Reset-In": str(self.seconds),
            "X-RateLimit-Reset": str(self.until),
        }


class Allowance:
    """Counts requests by client in windows of the clock; safe among threads."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._window = 0
        self._made: Counter[str] = Counter()

    def take(self, client: str) -> Left:
        """Count one more request of a client."""
        window, passed = divmod(int(self._clock()), WINDOW_SECONDS)
        with self._lock:
            if window != self._window:
                self._window = window
                self._made.clear()
            self._made[client] += 1
            left = MOST_REQUESTS - self._made[client]
        return Left(left, WINDOW_SECONDS - passed, (window + 1) * WINDOW_SECONDS)
