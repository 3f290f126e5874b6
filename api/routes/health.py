"""`/healthz`, `/readyz` and `/openapi.json`: whether it works, and how to use it."""

from __future__ import annotations

from flask import Blueprint, Response

from api.answering import answer_now, service
from api.description.openapi import description
from api.monitoring.readiness import checks
from api.questions.queries import NoQuery, parse
from api.shapes.forms import json_response
from api.web.problems import unavailable

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """That the process answers; says nothing of MongoDB, so that nobody restarts it in vain."""
    parse(NoQuery)
    return answer_now({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether MongoDB answers and the data is fresh; 503 with what is wrong otherwise."""
    parse(NoQuery)
    found = checks(
        service().store,
        now=service().clock(),
        batch_hours=service().settings.ready_batch_hours,
    )
    shown = {check.name: check.shown() for check in found}
    if wrong := [check.wrong for check in found if check.wrong]:
        return unavailable(f"{'; '.join(wrong)}.", checks=shown)
    response = json_response({"status": "ready", "checks": shown})
    response.cache_control.no_store = True
    return response


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The description of the API."""
    parse(NoQuery)
    return answer_now(description())
