"""Who asks the current request: by a token, a session's cookie, or a shared link's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pymongo
from flask import current_app, g, request

from api.access import links, sessions, tokens, users
from api.access.principals import ANONYMOUS, LOCAL, Principal
from api.access.rates import Buckets
from listens.settings import Settings
from listens.store import Store

EXTENSION = "playcount_access"

SESSION_COOKIE = "playcount"

READ_SECONDS = 3
"""How long MongoDB is asked before the answer is 503."""

SCHEMES = ("bearer", "token")
"""Of the header Authorization; the latter is ListenBrainz's."""


@dataclass(frozen=True)
class Access:
    """What the access control of one app shares.

    Attributes:
        requests: a bucket a principal, or an address.
        sign_ins_by_name, sign_ins_by_address: failed ones.
    """

    settings: Settings
    store: Store
    requests: Buckets
    sign_ins_by_name: Buckets
    sign_ins_by_address: Buckets

    @property
    def is_on(self) -> bool:
        """Whether anybody is asked who they are."""
        return self.settings.access == "on"


def access() -> Access:
    """The access control of the current app."""
    return cast(Access, current_app.extensions[EXTENSION])


def principal() -> Principal:
    """Who asks the current request; while access is off, one who may do everything.

    Raises:
        PyMongoError: the store doesn't answer.
    """
    if "principal" not in g:
        with pymongo.timeout(READ_SECONDS):
            g.principal = _identified()
    return cast(Principal, g.principal)


def session_cookie() -> str:
    """The cookie's name: with `__Host-`, no other host and no plain HTTP can have set it."""
    return f"__Host-{SESSION_COOKIE}" if request.is_secure else SESSION_COOKIE


def link_cookie() -> str:
    """The name of the cookie that holds a shared link's secret."""
    return f"{session_cookie()}-link"


def _identified() -> Principal:
    if not access().is_on:
        return LOCAL
    if header := request.headers.get("Authorization"):
        return _by_token(header) or ANONYMOUS  # a void token isn't helped by a cookie
    return _by_session() or _by_link() or ANONYMOUS


def _by_token(header: str) -> Principal | None:
    scheme, _, text = header.partition(" ")
    return tokens.find(access().store, text.strip()) if scheme.lower() in SCHEMES else None


def _by_session() -> Principal | None:
    text = request.cookies.get(session_cookie())
    name = sessions.user_of(access().store, text) if text else None
    return users.find(access().store, name) if name else None


def _by_link() -> Principal | None:
    text = request.cookies.get(link_cookie())
    return links.find(access().store, text) if text else None
