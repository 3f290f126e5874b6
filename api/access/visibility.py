"""What of an answer its asker may see: names of other listeners are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from api.access.identifying import principal
from api.access.principals import Principal
from api.questions.listen_queries import ListenFilter

NAMES = ("listener", "listener_id")
"""Members of answers that name a listener."""

F = TypeVar("F", bound=ListenFilter)


def visible(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer with null in the place of names that the asker may not see."""
    who = principal()
    return body if who.sees_everyone else {name: _seen(name, body[name], who) for name in body}


def visible_listeners(names: Sequence[str]) -> list[str]:
    """Those of some listeners whose names the asker may see."""
    who = principal()
    return [name for name in names if who.may_read(name)]


def own_listens(query: F) -> F:
    """The query, of the asker's own listens where it names nobody and they may see no others."""
    who = principal()
    if who.sees_everyone or query.listener:
        return query
    return query.model_copy(update={"listener": (who.listener,)})


def _seen(name: str, value: object, who: Principal) -> object:
    if isinstance(value, dict):
        return {inner: _seen(inner, value[inner], who) for inner in value}
    if isinstance(value, list):
        return [_seen("", item, who) for item in value]
    if name in NAMES and isinstance(value, str) and not who.may_read(value):
        return None
    return value
