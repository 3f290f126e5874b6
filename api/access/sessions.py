"""Sessions of those who signed in: `{_id, digest, user, created_at, expires_at}`.

MongoDB drops those whose time is over.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from hashlib import sha256

from pymongo.client_session import ClientSession

from api.access import credentials
from listens.store import SESSIONS, Store

PREFIX = "ps"


def begin(store: Store, user: str, *, hours: float) -> str:
    """Begin a user's session; the secret that the cookie holds."""
    issued = credentials.issue(PREFIX)
    expires_at = issued.document["created_at"] + timedelta(hours=hours)
    store[SESSIONS].insert_one(issued.document | {"user": user, "expires_at": expires_at})
    return issued.text


def user_of(store: Store, text: str) -> str | None:
    """The name of the user whose session it is."""
    document = credentials.find(store, SESSIONS, PREFIX, text)
    return None if document is None else str(document["user"])


def end(store: Store, text: str) -> None:
    """End a session; one that isn't there is none."""
    if document := credentials.find(store, SESSIONS, PREFIX, text):
        store[SESSIONS].delete_one({"_id": document["_id"]})


def end_all(
    store: Store, user: str, *, but: str = "", transaction: ClientSession | None = None
) -> None:
    """End all sessions of a user, but the one of which `but` is the secret."""
    kept = credentials.find(store, SESSIONS, PREFIX, but)
    others = {"user": user, "_id": {"$ne": kept["_id"] if kept else None}}
    store[SESSIONS].delete_many(others, session=transaction)


def form_token(text: str) -> str:
    """What a form of a session must bring along; who doesn't hold its secret can't make it."""
    return hmac.new(text.encode(), b"form", sha256).hexdigest()
