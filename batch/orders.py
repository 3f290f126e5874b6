"""Orders to a job on YARN, and what becomes of them: in MongoDB, which every job reaches.

One document a submission in `job_orders`: `{_id, arguments, at, steps, exit_status, error,
result}`. Whoever submits writes `arguments` and reads the rest. An order's arguments are in no
command line, which YARN's web pages would show: they may name a listener.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.errors import PyMongoError

from listens import store as collections
from listens.errors import PlaycountError
from listens.store import Document, Store


class Reporter:
    """What a job on YARN tells of its work: where nobody waits for it by an order, nothing."""

    def step(self, line: str) -> None:
        """Another step begins."""

    def result(self, result: Document) -> None:
        """What has come out."""


REPORTER: ContextVar[Reporter | None] = ContextVar("REPORTER", default=None)
"""Set within a job on YARN alone."""


@dataclass(frozen=True)
class OrderReporter(Reporter):
    """Writes into the order."""

    store: Store
    order: str

    def step(self, line: str) -> None:
        """Let those who wait see that another step begins; the work doesn't hang on it."""
        with suppress(PyMongoError):
            self.store[collections.JOB_ORDERS].update_one(
                {"_id": self.order}, {"$push": {"steps": line}}
            )

    def result(self, result: Document) -> None:
        """Keep the result: as text, since MongoDB would give back other numbers."""
        self._set(result=json.dumps(result))

    def end(self, exit_status: int, error: str) -> None:
        """Say how it ended; without this word it died."""
        self._set(exit_status=exit_status, error=error)

    def _set(self, **fields: Any) -> None:
        self.store[collections.JOB_ORDERS].update_one({"_id": self.order}, {"$set": fields})


def place(store: Store, arguments: Sequence[str]) -> str:
    """Write an order; its id, which is fit for a tag on YARN."""
    order = f"order-{uuid.uuid4().hex}"
    store[collections.JOB_ORDERS].insert_one(
        {"_id": order, "arguments": [*arguments], "at": datetime.now(UTC), "steps": []}
    )
    return order


def take(store: Store, order: str) -> list[str]:
    """The arguments, which nobody needs to know from now on.

    Raises:
        PlaycountError: it was withdrawn, or taken before.
    """
    wanted = {"_id": order, "arguments": {"$exists": True}}
    taken = store[collections.JOB_ORDERS].find_one_and_update(wanted, {"$unset": {"arguments": ""}})
    if taken is None:
        raise PlaycountError(f"{order} isn't there any more; give the command again")
    return list(taken["arguments"])


def state(store: Store, order: str) -> Document:
    """What the job has told so far; nothing when the order is gone."""
    return store[collections.JOB_ORDERS].find_one({"_id": order}) or {}


def forget(store: Store, order: str) -> None:
    """Remove an order that's dealt with, or that could not be submitted."""
    store[collections.JOB_ORDERS].delete_one({"_id": order})
