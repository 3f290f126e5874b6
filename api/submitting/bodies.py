"""The rows in a request's body: JSON, or JSON Lines."""

from __future__ import annotations

from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

JSON = "application/json"
LINES = ("application/x-ndjson", "application/jsonl")

MOST_ROWS = 1_000
"""Of a request: it's answered once Kafka has all of them."""


def rows_of_body(*, most_bytes: int) -> list[Any]:
    """The rows, as they are: an object, a list, `{"listens": […]}`, or a row a line.

    Raises:
        HTTPException: the body is too large, is no JSON, or isn't said to be any.
    """
    request.max_content_length = most_bytes
    # Only by its name: a page elsewhere can send any text, but not this type, without asking.
    if request.mimetype in LINES:
        rows = [_row(line) for line in request.get_data().splitlines() if line.strip()]
    elif request.mimetype == JSON:
        rows = _rows(json_body())
    else:
        raise UnsupportedMediaType(f"send {JSON}, or JSON Lines as {LINES[0]}")
    if len(rows) > MOST_ROWS:
        raise RequestEntityTooLarge(
            f"the request has {len(rows):,} listens; send at most {MOST_ROWS:,} at a time"
        )
    return rows


def json_body() -> Any:  # noqa: ANN401 - JSON is anything
    """The JSON value that the body is, whatever it's said to be.

    Raises:
        BadRequest: it's none.
        RequestEntityTooLarge: it's larger than may be.
    """
    try:
        return orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is no JSON: {error}") from error


def _rows(value: object) -> list[Any]:
    inner = value.get("listens", value) if isinstance(value, dict) else value
    return inner if isinstance(inner, list) else [value]


def _row(line: bytes) -> object:
    try:
        value: object = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = f"{len(line)} bytes that are no JSON"
    return value
