"""Waiting until the speed layer has counted what was sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ingestion import ledger
from ingestion.balance import is_settled
from ingestion.histories import FORMATS, History
from ingestion.interruption import InterruptedImportError, Interruption
from ingestion.overlap import other_formats
from listens.errors import PlaycountError

if TYPE_CHECKING:
    from rich.console import Console

    from listens.store import Store

POLL_SECONDS = 0.5
QUIET_SECONDS = 60
"""A running speed layer commits every few seconds, the first time after 15 to 40."""


COMPARABLE_SECONDS = 600
"""How long an import waits at most for those that it may overlap with: a million events are
counted in two minutes."""


QUIET_REMARK = (
    "nothing has been counted for a minute; does ./playcount status show the speed layer running? "
    "./playcount stream starts it"
)


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

    def is_done() -> bool:
        ledger.settle(store)
        settled = sum(is_settled(entry) for entry in ledger.entries(store, import_ids))
        on_settled(settled)
        return settled == len(import_ids)

    for _ in _until(is_done, store, timeout_seconds, on_quiet):
        if interruption.requested:
            raise InterruptedImportError(
                "everything is sent, and is counted without this command too; see playcount imports"
            )
    if not is_done():
        raise NotCountedError(
            f"not all was counted within {timeout_seconds:g} s; everything is sent, so look "
            "at ./playcount status, and later at ./playcount imports"
        )


def wait_until_comparable(
    store: Store,
    listener_id: str | None,
    history: History,
    *,
    timeout_seconds: float,
    on_waiting: Callable[[int], None],
    on_quiet: Callable[[], None],
    interruption: Interruption,
) -> None:
    """Return when what the listener imported with another precision is counted.

    Until then nobody can tell which rows of the history were in it.

    Args:
        store: with the ledger and the speed layer's commits.
        listener_id: whose history it is; None: its rows say it.
        history: to be imported next.
        timeout_seconds: how long to wait at most.
        on_waiting: told for how many imports, at each look.
        on_quiet: called once when there was no commit for `QUIET_SECONDS`.
        interruption: looked at twice a second.

    Raises:
        NotCountedError: the timeout passed; nothing of the history was sent.
        InterruptedImportError: the user stopped waiting; nothing of the history was sent.
    """
    others = other_formats(history.format, FORMATS)
    waiting_for: list[str] = []

    def is_done() -> bool:
        waiting_for[:] = ledger.uncounted(store, listener_id, formats=others)
        if waiting_for:
            on_waiting(len(waiting_for))
        return not waiting_for

    for _ in _until(is_done, store, timeout_seconds, on_quiet):
        if interruption.requested:
            raise InterruptedImportError(
                f"interrupted; nothing of {history.source.name} was sent: import it again when you "
                "like"
            )
    if not is_done():
        raise NotCountedError(
            f"{history.source.name} may overlap with what isn't counted yet of this listener "
            f"(import {', '.join(waiting_for)}), so nothing of it was sent. ./playcount stream "
            "counts what was sent, and a bulk load that was stopped goes on by its own command; "
            "then repeat this one. Or say --keep-overlap"
        )


def wait_for_others(
    history: History,
    listener_id: str | None,
    store: Store,
    *,
    interruption: Interruption,
    tell: Callable[[str], None],
    notes: Console,
) -> None:
    """As `wait_until_comparable`, COMPARABLE_SECONDS at most, and the user sees why.

    `tell` shows a text beside the bar, and `notes` what to do when nothing moves.
    """
    name = history.source.name
    wait_until_comparable(
        store,
        listener_id,
        history,
        timeout_seconds=COMPARABLE_SECONDS,
        on_waiting=lambda imports: tell(f"{name} waits for {imports} uncounted import(s)"),
        on_quiet=lambda: notes.print(f"{name} waits: {QUIET_REMARK}; or say --keep-overlap"),
        interruption=interruption,
    )
    tell(name)


def _until(
    is_done: Callable[[], bool],
    store: Store,
    timeout_seconds: float,
    on_quiet: Callable[[], None],
) -> Iterator[None]:
    """Look again and again, until it's done or the timeout has passed."""
    deadline = time.monotonic() + timeout_seconds
    watch = _QuietWatch(on_quiet)
    while not is_done() and time.monotonic() < deadline:
        yield
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
