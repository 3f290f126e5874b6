"""A least-recently-used cache that is bounded by the bytes of what it holds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar


class Sized(Protocol):
    """What can be kept: it knows its bytes, and never changes them."""

    @property
    def nbytes(self) -> int:
        """Bytes."""


T = TypeVar("T", bound=Sized)

ENTRY_BYTES = 1_000
"""Charged for each entry on top of its arrays: keys and objects of an empty chart aren't free."""


class Cache:
    """Immutable values by key; safe among threads."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.nbytes = 0
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, Sized] = OrderedDict()
        self._loading: dict[Hashable, threading.Lock] = {}

    def peek(self, key: Hashable, kind: type[T]) -> T | None:
        """The value, if there's one of this kind."""
        with self._lock:
            value = self._values.get(key)
            if not isinstance(value, kind):
                return None
            self._values.move_to_end(key)
            return value

    def put(self, key: Hashable, value: Sized) -> None:
        """Keep a value in the place of the former one, and let the least used go."""
        with self._lock:
            self._drop(key)
            if value.nbytes + ENTRY_BYTES > self.max_bytes:
                return  # it would drive out all others, and then itself
            self._values[key] = value
            self.nbytes += value.nbytes + ENTRY_BYTES
            while self.nbytes > self.max_bytes:
                self._drop(next(iter(self._values)))

    def get(self, key: Hashable, kind: type[T], load: Callable[[], T]) -> T:
        """The value; loaded once, however many threads ask for it at the same time."""
        value = self.peek(key, kind)
        if value is not None:
            return value
        with self._lock:
            loading = self._loading.setdefault(key, threading.Lock())
        try:
            with loading:
                value = self.peek(key, kind)
                if value is None:
                    value = load()
                    self.put(key, value)
                return value
        finally:
            with self._lock:
                self._loading.pop(key, None)

    def _drop(self, key: Hashable) -> None:
        value = self._values.pop(key, None)
        if value is not None:
            self.nbytes -= value.nbytes + ENTRY_BYTES
