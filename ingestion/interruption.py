"""Ctrl-C as a wish that is looked at between rows, so that no message is left half handed over."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from listens.errors import PlaycountError


class InterruptedImportError(PlaycountError):
    """The user stopped the command; 130 is what a shell gives for Ctrl-C."""

    exit_code = 130


class Interruption:
    """Whether the user wants to stop."""

    def __init__(self) -> None:
        self.requested = False

    def request(self, _signal: int, _frame: FrameType | None) -> None:
        """Note the first wish; the second one, from an impatient user, stops at once."""
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """While it lasts, Ctrl-C and SIGTERM only set `requested`."""
    interruption = Interruption()
    caught = (signal.SIGINT, signal.SIGTERM)
    previous = [signal.signal(number, interruption.request) for number in caught]
    try:
        yield interruption
    finally:
        for number, handler in zip(caught, previous, strict=True):
            signal.signal(number, handler)
