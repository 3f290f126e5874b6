"""Secrets that are shown once: tokens, sessions and links are of one make.

`<prefix>_<id>_<secret>`: the id finds the document, in which only a digest of the whole is kept.
The secret has 256 bits, so that a plain SHA-256 can't be reversed.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest

from api.access import audit
from listens.errors import UserMistakeError
from listens.store import Document, Store

_FORM = re.compile(r"([a-z]{2})_([0-9a-f]{16})_[A-Za-z0-9_-]{43}", re.ASCII)
_ID_BYTES = 8
_SECRET_BYTES = 32


@dataclass(frozen=True)
class Issued:
    """A new secret: `text` is for its owner, `document` for the store."""

    text: str
    document: Document


def new_id() -> str:
    """An id that tells nothing."""
    return secrets.token_hex(_ID_BYTES)


def issue(prefix: str) -> Issued:
    """A new secret of two letters' kind; the document has `_id`, `digest` and `created_at`."""
    identity = new_id()
    text = f"{prefix}_{identity}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    document = {"_id": identity, "digest": _digest(text), "created_at": datetime.now(UTC)}
    return Issued(text, document)


def find(store: Store, collection: str, prefix: str, text: str) -> Document | None:
    """The document of a secret; None when it isn't known or its time is over."""
    form = _FORM.fullmatch(text)
    if form is None or form[1] != prefix:
        return None
    document = store[collection].find_one({"_id": form[2]})
    if document is None or not compare_digest(document["digest"], _digest(text)):
        return None
    expires_at = document.get("expires_at")
    return None if expires_at and expires_at <= datetime.now(UTC) else document


def listed(store: Store, collection: str) -> list[Document]:
    """All of a kind, the oldest first, without their digests."""
    return list(store[collection].find({}, {"digest": 0}).sort("created_at", 1))


def revoke(store: Store, collection: str, identity: str, *, kind: str) -> None:
    """Make one void at once; `kind` is what its command is called.

    Raises:
        UserMistakeError: there's none of this id.
    """
    if not store[collection].delete_one({"_id": identity}).deleted_count:
        raise UserMistakeError(f"there's no {kind} {identity!r}; see ./playcount {kind} list")
    audit.record(f"{kind} revoked", by=audit.COMMAND, of=identity)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
