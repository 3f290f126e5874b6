"""What an erasure is about: that which was there when it began."""

from __future__ import annotations

from listens import store as collections
from listens.erasures import Erasure
from listens.store import Document, Store


def before(store: Store, erasure: Erasure | None, moment: str) -> Document:
    """A filter: documents whose field `moment` lies before the erasure; without one, all."""
    if erasure is None:
        return {}
    begun = store[collections.ERASURES].find_one({"_id": erasure.number}) or {}
    return {moment: {"$lt": begun["at"]}}
