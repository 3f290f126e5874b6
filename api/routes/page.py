"""The dashboard: its page, its files and its settings."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, send_from_directory
from werkzeug.wrappers import Response as Redirection

from api.analyses.rankings import RANKINGS
from api.answering import answer_now, service
from api.questions.queries import NoQuery, parse
from listens.settings import CHECKOUT
from listens.views import VIEWS

blueprint = Blueprint("page", __name__)

FILES = CHECKOUT / "dashboard"


@blueprint.get("/")
def index() -> Redirection:
    """To the dashboard's folder: its files name each other from there, on any server."""
    query = request.query_string.decode()
    return redirect(f"dashboard/?{query}" if query else "dashboard/")


@blueprint.get("/dashboard/", defaults={"name": "index.html"})
@blueprint.get("/dashboard/<path:name>")
def file(name: str) -> Response:
    """A file of the dashboard."""
    return _file(name)


@blueprint.get("/config.json")
def config() -> Response:
    """What the dashboard must know of the settings."""
    parse(NoQuery)
    settings = service().settings
    return answer_now(
        {
            "poll_seconds": settings.dashboard_poll_seconds,
            "time_zone": settings.time_zone,
            "upload_max_mb": settings.upload_max_mb,
            "slices_of": {view: VIEWS[view].slices for view in RANKINGS},
        }
    )


def _file(name: str) -> Response:
    response = send_from_directory(FILES, name)
    response.cache_control.no_cache = True
    return response
