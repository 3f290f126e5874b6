"""The dashboard: its page, its files and its settings."""

from __future__ import annotations

from flask import Blueprint, Response, send_from_directory

from api.answering import answer_now, service
from api.queries import NoQuery, parse
from listens.settings import CHECKOUT

blueprint = Blueprint("page", __name__)

FILES = CHECKOUT / "dashboard"


@blueprint.get("/")
def index() -> Response:
    """The dashboard's page."""
    return _file("index.html")


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
        {"poll_seconds": settings.dashboard_poll_seconds, "time_zone": settings.time_zone}
    )


def _file(name: str) -> Response:
    response = send_from_directory(FILES, name)
    response.cache_control.no_cache = True
    return response
