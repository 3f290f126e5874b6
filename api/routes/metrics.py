"""`/metrics`: the state of API and layers, for Prometheus."""

from __future__ import annotations

from flask import Blueprint, Response, request
from prometheus_client.exposition import choose_encoder

from api.answering import service
from api.questions.queries import NoQuery, parse

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """All metrics, in the format that the asker prefers; MongoDB may be away."""
    parse(NoQuery)
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    response = Response(encode(service().metrics.registry), content_type=content_type)
    response.cache_control.no_store = True
    return response
