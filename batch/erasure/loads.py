"""An erased listener's bulk loads: counted by a version or not, and what names the listener."""

from __future__ import annotations

from typing import Any

from batch import versions
from batch.bulk.loaded import loads_of
from batch.erasure.before import before
from listens import store as collections
from listens.bulk_loads import partition_of
from listens.erasures import Erasure
from listens.errors import UserMistakeError
from listens.offsets import Offsets
from listens.store import Document, Store

NOBODY = "erased"
"""In the place of the listener, and of the file, of an import."""


def refuse_uncounted_loads(store: Store, listener: str) -> None:
    """Only what the current version counts can be taken back from it.

    Raises:
        UserMistakeError: a load of the listener is unfinished, or no version counts it yet.
    """
    counted = loads_of(versions.current(store))
    for load in _theirs(store, _with_rows_of(listener)):
        if load["_id"] not in counted and load.get("events") != 0:
            raise UserMistakeError(
                f"bulk load {load['_id']}, which may have this listener's rows, isn't counted yet; "
                "finish it by its import, publish it by ./playcount batch run, then erase"
            )


def loaded_places(store: Store, listener: str) -> Offsets:
    """The places in the archive before which bulk loads with rows of the listener are."""
    loads = _theirs(store, _with_rows_of(listener))
    return {partition_of(load["_id"]): int(load["rows"]) for load in loads}


def loads_before(store: Store, erasure: Erasure | None, listener: str) -> list[Document]:
    """The accounts of the listener's bulk loads before the erasure, or all of them."""
    return _theirs(store, {"listener_id": listener} | before(store, erasure, "started_at"))


def forget_loads(store: Store, erasure: Erasure, listener: str) -> None:
    """Leave of the accounts only numbers."""
    numbers = [load["_id"] for load in loads_before(store, erasure, listener)]
    store[collections.BULK_LOADS].update_many(
        {"_id": {"$in": numbers}}, {"$set": {"listener_id": NOBODY, "files": []}}
    )


def _with_rows_of(listener: str) -> dict[str, Any]:
    """Also loads of several listeners: their accounts name nobody, but any may have rows."""
    return {"listener_id": {"$in": [listener, None]}}


def _theirs(store: Store, which: dict[str, Any]) -> list[Document]:
    return list(store[collections.BULK_LOADS].find(which))
