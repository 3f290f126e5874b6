"""How uploads stand, in MongoDB for a day: `{_id, state, at, files, bytes, error, notes}`.

`at` is when the state was last another. What became of the rows is in the ledger of imports, whose
documents have the `upload_id`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from listens.store import IMPORTS, UPLOADS, Document, Store

WAITING, IMPORTING = "waiting", "importing"

MOST_REJECTIONS = 50
"""Rejected rows that are shown, of all files together."""


def note(store: Store, upload_id: str, **facts: Any) -> None:
    """Say how an upload stands.

    Raises:
        PyMongoError: the store doesn't answer.
    """
    values = {**facts, "at": datetime.now(UTC)}
    store[UPLOADS].update_one({"_id": upload_id}, {"$set": values}, upsert=True)


def found(store: Store, upload_id: str) -> Document | None:
    """How an upload stands; None: there's none of this id, or it's long over."""
    return store[UPLOADS].find_one({"_id": upload_id})


def imports_of(store: Store, upload_id: str) -> list[Document]:
    """The accounts of its imports, the oldest first: one a history, and again where it went on."""
    return list(store[IMPORTS].find({"upload_id": upload_id}).sort("_id", 1))


def rejections(rejected_rows: Path, imports: list[Document]) -> list[dict[str, Any]]:
    """The first rejected rows, each with its file, reason and content."""
    rows = (
        {"import_id": account["_id"], "file": account["file"], **row}
        for account in imports
        if account.get("rejected")
        for row in _rows(rejected_rows / f"{account['_id']}.jsonl")
    )
    return list(islice(rows, MOST_REJECTIONS))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():  # none is written yet, or erased since
        return
    with path.open(encoding="ascii") as lines:
        for line in lines:
            if line.endswith("\n"):  # else it's just being written
                yield orjson.loads(line)
