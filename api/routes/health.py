"""`/healthz` and `/openapi.json`: what answers without the store."""

from __future__ import annotations

from flask import Blueprint, Response

from api.answering import answer_now
from api.openapi import description
from api.queries import NoQuery, parse

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """That the process answers; says nothing of MongoDB, so that nobody restarts it in vain."""
    parse(NoQuery)
    return answer_now({"status": "ok"})


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The description of the API."""
    parse(NoQuery)
    return answer_now(description())
