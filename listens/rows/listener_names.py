"""What may name a listener."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from listens.errors import UserMistakeError
from listens.rows.rejections import RowRejectedError
from listens.rows.values import text_of
from listens.rules import MAX_LISTENER


def checked_listener(name: str) -> str:
    """The name as it is.

    Raises:
        UserMistakeError: it is empty, too long, or holds what can't be shown or stored.
    """
    if not 1 <= len(name) <= MAX_LISTENER:
        raise UserMistakeError(
            f"a listener's name has 1 to {MAX_LISTENER} characters, and this one {len(name)}"
        )
    # Cc: control characters; Cs: halves of a character, from bytes that are no UTF-8.
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise UserMistakeError(
            f"the listener's name {name!r} holds a control character; use letters, digits and signs"
        )
    return name


def listener_in(row: Mapping[str, Any]) -> str:
    """Whose row it is, in a file of several listeners.

    Raises:
        RowRejectedError: it doesn't say.
    """
    name = text_of(row.get("listener"))
    try:
        return checked_listener(name or "")
    except UserMistakeError as error:
        raise RowRejectedError("no_listener") from error
