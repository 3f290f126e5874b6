"""`POST /api/listens`: listens in over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response

from api.answering import service
from api.questions.queries import parse
from api.shapes.forms import json_response
from api.submitting.bodies import rows_of_body
from api.submitting.queries import SubmitQuery
from api.submitting.taking import Taken, taken
from api.submitting.who import owner
from listens.rows.names import renamed
from listens.rows.rejections import REASONS

blueprint = Blueprint("listens", __name__)

SOURCE = "http"
_MEBIBYTE = 1 << 20


@blueprint.post("/api/listens")
def listens() -> Response:
    """Take listens; once this is answered, Kafka has those that were accepted."""
    query = parse(SubmitQuery)
    body = rows_of_body(most_bytes=service().settings.api_body_mb * _MEBIBYTE)
    rows = [renamed(row) if isinstance(row, dict) else row for row in body]
    found = taken(rows, listener_id=owner(query.listener, rows), source=SOURCE)
    service().delivery.deliver(found.listens)
    service().metrics.submitted(found)
    return _balance(found)


def _balance(found: Taken) -> Response:
    rejections = [
        {"row": each.row, "reason": each.reason, "why": REASONS[each.reason]}
        for each in found.rejections
    ]
    response = json_response(
        {
            "read": found.read,
            "accepted": len(found.listens),
            "duplicate": found.duplicate,
            "rejected": len(rejections),
            "rejections": rejections,
        }
    )
    response.status_code = 202
    response.cache_control.no_store = True
    return response
