"""The cut: the commit up to which a version counts, and waiting for the archive to reach it."""

from __future__ import annotations

import time

from listens import store as collections
from listens.errors import PlaycountError
from listens.offsets import waiting
from listens.store import Store


class ArchiveBehindError(PlaycountError):
    """The archive didn't reach the cut in time."""


def take_cut(store: Store) -> tuple[int, dict[str, int]]:
    """The last commit's number and offsets: the version counts what is before them.

    Raises:
        PlaycountError: nothing has been counted yet.
    """
    last = store[collections.SPEED_COMMITS].find_one(sort=[("_id", -1)])
    if not last:
        raise PlaycountError(
            "nothing has been counted yet, so there's nothing to recount; "
            "start the streaming application with ./playcount up, and import a history"
        )
    return last["_id"], last["until"]


def wait_for_archive(store: Store, cut: dict[str, int], *, seconds: float) -> None:
    """Wait until the archive holds everything before the cut.

    Raises:
        ArchiveBehindError: it didn't within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        told = store[collections.ARCHIVE_COVERAGE].find_one({"_id": "archive"})
        covered = told["until"] if told else {}
        behind = sum(waiting(end=cut, until=covered).values())
        if not behind:
            return
        if time.monotonic() > deadline:
            raise ArchiveBehindError(
                f"the archive lacks {behind:,} events of the cut after {seconds:g} s; is the "
                "streaming application running (./playcount status)? Else set "
                "PLAYCOUNT_BATCH_WAIT_SECONDS higher"
            )
        time.sleep(0.2)
