"""Links that show one listener's page to whoever has them.

Documents: `{_id, digest, listener, created_at}`.
"""

from __future__ import annotations

from api.access import audit, credentials
from api.access.principals import PAGE_READ, SIGNED_IN, Principal
from listens.store import SHARED_LINKS, Document, Store

PREFIX = "pl"


def create(store: Store, listener: str) -> str:
    """Make a link; its secret is nowhere else."""
    issued = credentials.issue(PREFIX)
    store[SHARED_LINKS].insert_one(issued.document | {"listener": listener})
    audit.record("link created", by=audit.COMMAND, of=issued.document["_id"])
    return issued.text


def listed(store: Store) -> list[Document]:
    """All links, the oldest first, without their digests."""
    return credentials.listed(store, SHARED_LINKS)


def revoke(store: Store, link_id: str) -> None:
    """Make a link void at once.

    Raises:
        UserMistakeError: there's no such link.
    """
    credentials.revoke(store, SHARED_LINKS, link_id, kind="link")


def find(store: Store, text: str) -> Principal | None:
    """Whom a link's secret stands for."""
    document = credentials.find(store, SHARED_LINKS, PREFIX, text)
    if document is None:
        return None
    return Principal(
        kind="link",
        id=document["_id"],
        name="shared link",
        scopes=frozenset({PAGE_READ, SIGNED_IN}),
        listener=document["listener"],
    )
