"""Whose listens a request brings: the one place that knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pymongo
from werkzeug.exceptions import Forbidden

from api.access import principal
from api.access.identifying import READ_SECONDS, access
from api.access.principals import ADMIN, LISTENS_WRITE
from api.access.tokens import find
from api.web.problems import BadParameterError
from listens.errors import UserMistakeError
from listens.rows.listener_names import checked_listener


def owner(named: str | None, rows: Iterable[Any]) -> str | None:
    """Whose all rows of a request are; None: each row says whose it is.

    Args:
        named: whom the request itself names.
        rows: under the names that readers yield.

    Raises:
        BadParameterError: nobody can be named so.
        Forbidden: the asker may not send the listens of some of those who are named.
    """
    who = principal()
    if named is not None:
        if mistake := _mistake_in(named):
            raise BadParameterError("listener", mistake)
        if not who.may_submit_for(named):
            raise Forbidden("Send your own listens alone.")
        return named
    if who.listener is None or ADMIN in who.scopes:
        return None
    if any(_names_another(row, who.listener) for row in rows):
        raise Forbidden("Some of these listens are another listener's; send your own alone.")
    return who.listener


def holder(token: str) -> str | None:
    """The listener whom a token of the ListenBrainz protocol stands for; None: nobody.

    While access is off, a token is the listener's name itself.

    Raises:
        PyMongoError: the store doesn't answer.
    """
    if not access().is_on:
        return None if _mistake_in(token) else token
    with pymongo.timeout(READ_SECONDS):
        found = find(access().store, token)
    return found.listener if found and LISTENS_WRITE in found.scopes else None


def _names_another(row: object, listener: str) -> bool:
    return isinstance(row, dict) and row.get("listener") not in (None, "", listener)


def _mistake_in(name: str) -> str:
    """Why nobody can be named so; empty: they can."""
    try:
        checked_listener(name)
    except UserMistakeError as error:
        return str(error)
    return ""
