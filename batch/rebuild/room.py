"""An empty database, and nobody who writes into it."""

from __future__ import annotations

import time
from datetime import timedelta

from batch.archive.upkeep import is_streaming
from listens import erasures
from listens import store as collections
from listens.errors import PlaycountError, UserMistakeError
from listens.store import Store

KEPT = (collections.IMPORTS, collections.ERASURES)
"""What can't be made from the archive stays where it's there."""

NO_CONTENT = (
    collections.HEARTBEATS,
    collections.JOB_ORDERS,
    collections.UPLOADS,
    *collections.ACCESS,
)
"""Signs of life, the order of this very rebuild where it runs on YARN, how uploads stand, and who
may do what."""

HEARTBEAT_WITHIN = timedelta(seconds=3)

POLL_SECONDS = 0.5


def make_room(store: Store, *, force: bool) -> None:
    """Empty the database, where `force` is given or nothing is in it.

    Raises:
        UserMistakeError: it isn't empty, or streaming runs.
        PlaycountError: an erasure in it is unfinished.
    """
    _refuse_while_streaming(store)
    if any(not each.is_done for each in erasures.known(store)):
        raise PlaycountError(
            "an erasure is unfinished; end it by ./playcount erase with the same name, or, if the "
            "commits are lost, drop the database, rebuild, and erase again"
        )
    held = [
        name
        for name in store.list_collection_names()
        if name not in NO_CONTENT and store[name].find_one({}, {"_id": 1})
    ]
    if held and not force:
        raise UserMistakeError(
            f"the database {store.name} isn't empty ({', '.join(sorted(held))}); --force drops all "
            f"of it but {', '.join(KEPT)}, and users with their tokens and links"
        )
    for name in held:
        if name not in KEPT:
            store[name].drop()


def _refuse_while_streaming(store: Store) -> None:
    """Wait until the last sign of life is old; one that was just stopped gives no newer one."""
    beats = store[collections.HEARTBEATS]
    first = beats.find_one({"_id": "streaming"})
    # Into a database that was dropped, a running application writes a heartbeat soon.
    time.sleep(HEARTBEAT_WITHIN.total_seconds())
    while is_streaming(store):
        if beats.find_one({"_id": "streaming"}) != first:
            raise UserMistakeError(
                "streaming runs, and would count into a half-made database; stop it first: "
                "./playcount down, then ./playcount up --only with all but streaming, scheduler "
                "and api"
            )
        time.sleep(POLL_SECONDS)
