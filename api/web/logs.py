"""What the API logs: a line an event, its fields behind it as `name=value`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http import HTTPStatus

import orjson
from flask import Flask, Response, request

from api.monitoring.metrics import route
from api.web import request_ids
from listens.settings import Settings

_log = logging.getLogger(__name__)

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; all else are fields."""


class EventFormatter(logging.Formatter):
    """Time, level, message and fields; a value with anything unusual in it is quoted as JSON."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line, without a traceback."""
        return " ".join([super().formatMessage(record), *_fields(record)])


def init_app(app: Flask) -> None:
    """Log each request: those that were refused or failed at INFO, all others at DEBUG."""
    app.after_request(_logged)


def set_up(settings: Settings) -> None:
    """Log to stderr at the level of the settings."""
    handler = logging.StreamHandler()
    handler.setFormatter(EventFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(request_ids.add_to)
    logging.basicConfig(level=settings.log_level, handlers=[handler])


def _logged(response: Response) -> Response:
    level = logging.INFO if response.status_code >= HTTPStatus.BAD_REQUEST else logging.DEBUG
    # The route and not the path, which may name a listener.
    facts = {"method": request.method, "route": route(), "status": response.status_code}
    _log.log(level, "request", extra=facts)
    return response


def _fields(record: logging.LogRecord) -> Iterator[str]:
    for name, value in vars(record).items():
        if name not in _OWN:
            text = str(value)
            is_plain = text.isascii() and text.isprintable() and not set(text) & set(' "=')
            yield f"{name}={text if is_plain else orjson.dumps(text).decode()}"
