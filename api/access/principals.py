"""Who asks, and what they may: scopes, and whose listens those are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CHARTS_READ = "charts:read"
LISTENS_READ = "listens:read"
LISTENS_WRITE = "listens:write"
METRICS_READ = "metrics:read"
ADMIN = "admin"

SCOPES = {
    CHARTS_READ: "the shared charts, without names of listeners",
    LISTENS_READ: "pages, slices and single listens: the token's listener's, or everyone's",
    LISTENS_WRITE: "submitting listens: the token's listener's, or anyone's",
    METRICS_READ: "/metrics and the state of the layers",
    ADMIN: "everything",
}
"""What a token can be given."""

PAGE_READ = "page:read"
"""One listener's page, without single listens: what a shared link opens."""

SIGNED_IN = "signed-in"
"""What everybody has who isn't anonymous."""

ACCOUNT = "account"
"""What every user has, and no token or link: their own password."""

ROLES: dict[str, frozenset[str]] = {
    "admin": frozenset(SCOPES),
    "listener": frozenset({CHARTS_READ, LISTENS_READ, LISTENS_WRITE}),
    "viewer": frozenset({CHARTS_READ}),
}
"""A user's role → its scopes."""


@dataclass(frozen=True)
class Principal:
    """Who asks.

    Attributes:
        kind: by what they are known; local: access is off.
        id: names them in the audit log; tells nothing of the person.
        name: of the user, or what a token was made for.
        scopes: what they may.
        role: of a user, else empty.
        listener: whose listens their scopes are about; None: everyone's.
    """

    kind: Literal["local", "anonymous", "user", "token", "link"]
    id: str
    name: str
    scopes: frozenset[str]
    role: str = ""
    listener: str | None = None

    @property
    def sees_everyone(self) -> bool:
        """Whether they may read every listener's listens and name."""
        return ADMIN in self.scopes or (LISTENS_READ in self.scopes and self.listener is None)

    def may_read(self, listener: str) -> bool:
        """Whether this listener's page is theirs to see, with a scope for pages at all."""
        return self.sees_everyone or listener == self.listener

    def may_submit_for(self, listener: str) -> bool:
        """Whether they may submit this listener's listens."""
        if ADMIN in self.scopes:
            return True
        return LISTENS_WRITE in self.scopes and self.listener in (None, listener)

    @property
    def view(self) -> str:
        """Two of the same view are answered the same: a part of an answer's ETag."""
        return "" if self.sees_everyone else f"|{self.listener or ''}"


LOCAL = Principal("local", "local", "local", frozenset({*SCOPES, SIGNED_IN}))
"""Everyone, while access is off."""

ANONYMOUS = Principal("anonymous", "anonymous", "", frozenset())
"""Who shows nothing, or nothing that is known."""
