"""Tokens for programs: `{_id, digest, name, scopes, listener, created_at, expires_at}`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from api.access import audit, credentials
from api.access.principals import ADMIN, SCOPES, SIGNED_IN, Principal
from listens.errors import UserMistakeError
from listens.store import TOKENS, Document, Store

PREFIX = "pc"


def create(
    store: Store,
    name: str,
    *,
    scopes: Collection[str],
    listener: str | None = None,
    days: float | None = None,
) -> str:
    """Make a token; its text is nowhere else.

    Args:
        store: MongoDB.
        name: what it's for, to be found again.
        scopes: what it allows.
        listener: whose listens it's about; None: everyone's.
        days: after which it's void; None: never.

    Raises:
        UserMistakeError: there's no such scope, or none is given.
    """
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise UserMistakeError(f"no scope {unknown[0]!r}; there are {', '.join(SCOPES)}")
    if not scopes:
        raise UserMistakeError(f"a token needs a scope: {', '.join(SCOPES)}")
    issued = credentials.issue(PREFIX)
    made_at = issued.document["created_at"]
    more = {
        "name": name,
        "scopes": sorted(scopes),
        "listener": listener,
        "expires_at": None if days is None else made_at + timedelta(days=days),
    }
    store[TOKENS].insert_one(issued.document | more)
    audit.record("token created", by=audit.COMMAND, of=issued.document["_id"])
    return issued.text


def listed(store: Store) -> list[Document]:
    """All tokens, the oldest first, without their digests."""
    return credentials.listed(store, TOKENS)


def revoke(store: Store, token_id: str) -> None:
    """Make a token void at once.

    Raises:
        UserMistakeError: there's no such token.
    """
    credentials.revoke(store, TOKENS, token_id, kind="token")


def find(store: Store, text: str) -> Principal | None:
    """Whom a token stands for."""
    document = credentials.find(store, TOKENS, PREFIX, text)
    if document is None:
        return None
    return Principal(
        kind="token",
        id=document["_id"],
        name=document["name"],
        scopes=_with_all(frozenset(document["scopes"])) | {SIGNED_IN},
        listener=document["listener"],
    )


def _with_all(scopes: frozenset[str]) -> frozenset[str]:
    return frozenset(SCOPES) if ADMIN in scopes else scopes
