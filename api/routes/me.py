"""`/api/me`: who the asker is, so that a page shows only what they may do."""

from __future__ import annotations

from flask import Blueprint, Response

from api.access import principal
from api.access.principals import SIGNED_IN
from api.answering import answer_now, service
from api.questions.queries import NoQuery, parse

blueprint = Blueprint("me", __name__)


@blueprint.get("/api/me")
def me() -> Response:
    """Kind, name, role, listener and scopes of the asker, and whether access is on."""
    parse(NoQuery)
    who = principal()
    return answer_now(
        {
            "access": service().settings.access == "on",
            "kind": who.kind,
            "name": who.name,
            "role": who.role or None,
            "listener": who.listener,
            "scopes": sorted(who.scopes - {SIGNED_IN}),
            "sees_everyone": who.sees_everyone,
        }
    )
