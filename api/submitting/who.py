"""Whose listens a request brings: the one place that knows."""

from __future__ import annotations

from api.problems import BadParameterError
from listens.errors import UserMistakeError
from listens.rows.listener_names import checked_listener


def owner(named: str | None) -> str | None:
    """Whose all rows of a request are; None: each row says whose it is.

    Raises:
        BadParameterError: nobody can be named so.
    """
    if named is None:
        return None
    try:
        return checked_listener(named)
    except UserMistakeError as error:
        raise BadParameterError("listener", str(error)) from error


def holder(token: str) -> str | None:
    """The listener whom a token of the ListenBrainz protocol stands for; None: nobody.

    Nobody has to sign in, so a token is the listener's name itself.
    """
    try:
        return checked_listener(token)
    except UserMistakeError:
        return None
