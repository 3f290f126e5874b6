"""Waiting until the speed layer has counted what was sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ingestion import ledger
from ingestion.balance import is_settled
from ingestion.interruption import InterruptedImportError, Interruption
from listens.errors import PlaycountError

if TYPE_CHECKING:
    from listens.store import Store

POLL_SECONDS = 0.5
QUIET_SECONDS = 60
"""A running speed layer commits every few seconds, the first time after 15 to 40."""


class NotCountedError(PlaycountError, TimeoutError):
    """The speed layer didn't count everything in time."""


def wait_until_settled(
    store: Store,
    import_ids: Sequence[str],
    *,
    timeout_seconds: float,
    on_settled: Callable[[int], None],
    on_quiet: Callable[[], None],
    interruption: Interruption,
) -> None:
    """Return when each import is settled.

    Args:
        store: with the ledger and the speed layer's commits.
        import_ids: of this command.
        timeout_seconds: how long to wait at most.
        on_settled: told how many are, after each look.
        on_quiet: called once when there was no commit for `QUIET_SECONDS`.
        interruption: looked at twice a second.

    Raises:
        NotCountedError: the timeout passed.
        InterruptedImportError: the user stopped waiting; everything was sent.
    """
    deadline = time.monotonic() + timeout_seconds
    watch = _QuietWatch(on_quiet)
    while True:
        ledger.settle(store)
        settled = sum(is_settled(entry) for entry in ledger.entries(store, import_ids))
        on_settled(settled)
        if settled == len(import_ids):
            return
        if interruption.requested:
            raise InterruptedImportError(
                "everything is sent, and is counted without this command too; see playcount imports"
            )
        if time.monotonic() >= deadline:
            raise NotCountedError(
                f"not all was counted within {timeout_seconds:g} s; everything is sent, so look "
                "at ./playcount status, and later at ./playcount imports"
            )
        watch.look(ledger.head_seq(store))
        time.sleep(POLL_SECONDS)


class _QuietWatch:
    """Notices that no commit comes."""

    def __init__(self, on_quiet: Callable[[], None]) -> None:
        self._on_quiet = on_quiet
        self._head: int | None = None
        self._since = time.monotonic()
        self._told = False

    def look(self, head: int) -> None:
        if head != self._head:
            self._head, self._since = head, time.monotonic()
        elif not self._told and time.monotonic() - self._since > QUIET_SECONDS:
            self._told = True
            self._on_quiet()
