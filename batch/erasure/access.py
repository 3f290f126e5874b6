"""What lets an erased listener in, and others to their page: users, tokens, sessions, links."""

from __future__ import annotations

from batch.erasure.before import before
from listens import store as collections
from listens.erasures import Erasure
from listens.store import Document, Store

ADMIN = "admin"
"""The role of users who stay, as nobody's listener: they run the place."""


def access_held(store: Store, erasure: Erasure | None, listener: str) -> dict[str, int]:
    """Collection → how many of its documents are about the listener."""
    theirs = _theirs(store, erasure, listener)
    return {
        name: store[name].count_documents(theirs)
        for name in (collections.USERS, collections.TOKENS, collections.SHARED_LINKS)
    }


def forget_access(store: Store, erasure: Erasure, listener: str) -> None:
    """End the listener's sessions, then remove users, tokens and links."""
    theirs = _theirs(store, erasure, listener)
    users = store[collections.USERS]
    ordinary = theirs | {"role": {"$ne": ADMIN}}
    # Sessions first: they are found by their users.
    names = [user["_id"] for user in users.find(ordinary, {"_id": 1})]
    store[collections.SESSIONS].delete_many({"user": {"$in": names}})
    users.delete_many(ordinary)
    users.update_many(theirs, {"$set": {"listener": None}})
    for name in (collections.TOKENS, collections.SHARED_LINKS):
        store[name].delete_many(theirs)


def _theirs(store: Store, erasure: Erasure | None, listener: str) -> Document:
    return {"listener": listener} | before(store, erasure, "created_at")
