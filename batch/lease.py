"""One at a time: a batch, an erasure or upkeep of the archive holds the lease in MongoDB."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from batch import versions
from listens.store import Store

KEEP_ALIVE_SECONDS = 10


@contextmanager
def exclusive(store: Store, *, what: str) -> Iterator[None]:
    """Hold the lease for work that makes no version.

    Raises:
        BatchBusyError: another run is alive.
    """
    number = versions.reserve(store, what=what)
    try:
        with kept_alive(store, number):
            yield
    finally:
        versions.release(store, number)


@contextmanager
def kept_alive(store: Store, number: int) -> Iterator[None]:
    """Say every few seconds that the run with this number is at work."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(KEEP_ALIVE_SECONDS):
            versions.keep_alive(store, number)

    renewing = threading.Thread(target=renew, name="lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
