"""An id for each request, so that an answer, a log and the caller's own log can be matched."""

from __future__ import annotations

import logging
import re
import secrets

from flask import Flask, Response, g, has_request_context, request

HEADER = "X-Request-Id"
_SANE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}", re.ASCII)


def init_app(app: Flask) -> None:
    """Take over the id that a request comes with, or make one; tell it in the response."""
    app.before_request(_begin)
    app.after_request(_tell)


def add_to(record: logging.LogRecord) -> bool:
    """Add `request_id` to what is logged while a request is answered; a filter of logging."""
    if has_request_context() and "request_id" in g:
        record.request_id = g.request_id
    return True


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    # Anything else could forge lines of the log.
    g.request_id = given if _SANE.fullmatch(given) else secrets.token_hex(16)


def _tell(response: Response) -> Response:
    if "request_id" in g:
        response.headers[HEADER] = g.request_id
    return response
