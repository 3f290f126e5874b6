"""Who asks the current request: by a token, a session's cookie, or a shared link's."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import pymongo
from flask import current_app, g, request, stream_with_context
from pymongo.errors import PyMongoError

from api.access import links, sessions, tokens, users
from api.access.principals import ANONYMOUS, LOCAL, Principal
from api.access.rates import Buckets
from listens.settings import Settings
from listens.store import Store

EXTENSION = "playcount_access"

SESSION_COOKIE = "playcount"

READ_SECONDS = 3
"""How long MongoDB is asked before the answer is 503."""

ASKED_AGAIN_SECONDS = 10
"""How long an open stream may outlive what it was opened by; heartbeats let it be noticed."""

SCHEMES = ("bearer", "token")
"""Of the header Authorization; the latter is ListenBrainz's."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Access:
    """What the access control of one app shares.

    Attributes:
        hosts: names besides loopback's by which it may be asked, while access is off.
        requests: a bucket a principal, or an address.
        sign_ins_by_name, sign_ins_by_address: failed ones.
    """

    settings: Settings
    store: Store
    hosts: frozenset[str]
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


def while_known(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """The pieces of an answer without end, until its asker's session, token or link is void."""
    if not access().is_on:
        return pieces
    return stream_with_context(_while_known(pieces, principal()))


def session_cookie() -> str:
    """The cookie's name: with `__Host-`, no other host and no plain HTTP can have set it."""
    return f"__Host-{SESSION_COOKIE}" if request.is_secure else SESSION_COOKIE


def link_cookie() -> str:
    """The name of the cookie that holds a shared link's secret."""
    return f"{session_cookie()}-link"


def _identified() -> Principal:
    if not access().is_on:
        return LOCAL
    if (text := _token()) is not None:
        return tokens.find(access().store, text) or ANONYMOUS  # a cookie doesn't help a void one
    return _by_session() or _by_link() or ANONYMOUS


def _token() -> str | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() in SCHEMES else None


def _by_session() -> Principal | None:
    text = request.cookies.get(session_cookie())
    name = sessions.user_of(access().store, text) if text else None
    return users.find(access().store, name) if name else None


def _by_link() -> Principal | None:
    text = request.cookies.get(link_cookie())
    return links.find(access().store, text) if text else None


def _while_known(pieces: Iterable[bytes], who: Principal) -> Iterator[bytes]:
    asked_at = time.monotonic()
    for piece in pieces:
        if time.monotonic() - asked_at >= ASKED_AGAIN_SECONDS:
            if not _is_still(who):
                return
            asked_at = time.monotonic()
        yield piece


def _is_still(who: Principal) -> bool:
    try:
        with pymongo.timeout(READ_SECONDS):
            return _identified() == who
    except PyMongoError as error:
        _log.warning("a stream ends, to be resumed: %s", type(error).__name__)
        return False
