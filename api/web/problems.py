"""Errors as RFC 9457 problem documents: the one place where an error becomes an answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, request
from pymongo.errors import ConnectionFailure, PyMongoError
from werkzeug.exceptions import HTTPException

from api.submitting.delivery import KafkaAwayError
from api.submitting.protocol import PREFIX, SubmissionError
from listens.errors import PlaycountError, ServiceDownError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

_log = logging.getLogger(__name__)


class BadParameterError(PlaycountError, ValueError):
    """A parameter that can't be used; `known` holds the values that can, where they're few."""

    def __init__(self, parameter: str, detail: str, known: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.parameter = parameter
        self.known = list(known)


class GoneError(PlaycountError, LookupError):
    """What is asked for was there once, and can't be answered any more."""


def init_app(app: Flask) -> None:
    """Answer every error with a problem document."""
    app.register_error_handler(BadParameterError, _bad_parameter)
    app.register_error_handler(GoneError, _gone)
    app.register_error_handler(SubmissionError, _submission_error)
    app.register_error_handler(KafkaAwayError, _kafka_away)
    app.register_error_handler(ServiceDownError, _store_away)
    app.register_error_handler(PyMongoError, _store_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def problem(status: int, detail: str, **more: Any) -> Response:
    """A problem document; members that are empty are left out.

    Below `/1/` it's an error of the ListenBrainz protocol instead.
    """
    if request.path.startswith(PREFIX):
        return _protocol_error(status, detail)
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    members = {name: value for name, value in more.items() if value}
    response = Response(orjson.dumps(body | {"detail": detail} | members), status)
    response.content_type = MEDIA_TYPE
    response.cache_control.no_store = True
    return response


def unavailable(detail: str, **more: Any) -> Response:
    """The problem that is over by itself, with when to ask again."""
    response = problem(503, detail, **more)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _protocol_error(status: int, detail: str) -> Response:
    # The protocol knows 400 alone for what a client can mend.
    code = 400 if status == HTTPStatus.UNPROCESSABLE_ENTITY else status
    response = Response(orjson.dumps({"code": code, "error": detail}), code)
    response.content_type = "application/json"
    response.cache_control.no_store = True
    return response


def _submission_error(error: SubmissionError) -> Response:
    return problem(error.status, str(error))


def _bad_parameter(error: BadParameterError) -> Response:
    return problem(422, str(error), parameter=error.parameter, known=error.known)


def _gone(error: GoneError) -> Response:
    return problem(410, str(error))


def _store_away(error: Exception) -> Response:
    _log.warning("the store doesn't answer", extra={"error": type(error).__name__})
    return unavailable("MongoDB doesn't answer; the API goes on by itself as soon as it does.")


def _kafka_away(_error: KafkaAwayError) -> Response:
    response = problem(
        503,
        "Kafka doesn't answer, so nothing of this request counts as sent. Send it again: what "
        "Kafka has already is counted once.",
    )
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _store_error(error: PyMongoError) -> Response:
    if isinstance(error, ConnectionFailure) or error.timeout:
        return _store_away(error)
    return _unexpected(error)


def _http_error(error: HTTPException) -> Response:
    response = problem(error.code or 500, error.description or "")
    if allowed := getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(allowed))
    if retry_after := getattr(error, "retry_after", None):
        response.headers["Retry-After"] = str(retry_after)
    return response


def _unexpected(error: Exception) -> Response:
    _log.error("a request failed", exc_info=error)
    return problem(500, "The request failed through no fault of yours; the server's log says why.")
