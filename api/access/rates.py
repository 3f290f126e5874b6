"""Token buckets in memory: the server is one process, so there's one count."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

MOST_KEYS = 20_000
"""Some 5 MB; beyond, those who haven't asked for longest are forgotten."""


@dataclass
class _Bucket:
    tokens: float
    at: float


class Buckets:
    """A bucket a key; safe among threads.

    Args:
        capacity: how many may come at once.
        per_second: how many more a second.
        clock: seconds.
    """

    def __init__(
        self, *, capacity: float, per_second: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._capacity = capacity
        self._per_second = per_second
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, key: str) -> float:
        """Take a token; 0 when there was one, else the seconds until there is."""
        with self._lock:
            bucket = self._filled(key)
            if bucket.tokens < 1:
                return (1 - bucket.tokens) / self._per_second
            bucket.tokens -= 1
            return 0

    def give_back(self, key: str) -> None:
        """Put a token back that was taken for what doesn't count."""
        with self._lock:
            bucket = self._filled(key)
            bucket.tokens = min(self._capacity, bucket.tokens + 1)

    def _filled(self, key: str) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(self._capacity, now))
        gained = (now - bucket.at) * self._per_second
        bucket.tokens, bucket.at = min(self._capacity, bucket.tokens + gained), now
        self._buckets.move_to_end(key)
        if len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)
        return bucket
