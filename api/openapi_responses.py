"""What each status code of a route means, with headers and media types, as OpenAPI says it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api import problems
from api.answers import Problem
from api.forms import AS_OF_HEADER, MEDIA_TYPES, TOTAL_HEADER
from api.request_ids import HEADER

ERRORS = {
    404: "There's no such thing",
    405: "Not with this method; `Allow` has those that go",
    410: "The moment of `head_seq` can't be told any more",
    422: "A parameter can't be used; `parameter` names it",
    500: "A fault of the server, whose log says more",
    503: "MongoDB doesn't answer, or what is asked for isn't fit; `Retry-After` says when to ask "
    "again",
}

_ALWAYS = (405, 500)
_REQUEST_ID = {HEADER: "The id of the request, which the server's log has, too"}
_ETAG = {"ETag": "Strong; changes with the answer alone"}
_TABLE = {
    TOTAL_HEADER: "With CSV and JSON Lines: `total`",
    AS_OF_HEADER: "With CSV and JSON Lines: `as_of`, as JSON",
    "Link": "Where the next part is, of listens",
}


def responses(
    about: str,
    *,
    answer: str,
    media_type: str,
    is_table: bool,
    errors: Iterable[int],
) -> dict[str, Any]:
    """Status code → response; `answer` names the model of JSON, `media_type` is of anything else.

    A table also comes as CSV and as JSON Lines.
    """
    content: dict[str, Any] = {}
    if answer:
        content[MEDIA_TYPES["json"]] = {"schema": {"$ref": _ref(answer)}}
    elif media_type:
        content[media_type] = {} if media_type.endswith("json") else _TEXT
    if is_table:
        content[MEDIA_TYPES["csv"]] = content[MEDIA_TYPES["jsonl"]] = _TEXT
    headers = _REQUEST_ID | (_ETAG if answer else {}) | (_TABLE if is_table else {})
    found: dict[str, Any] = {
        "200": {"description": about, "headers": _headers(headers), "content": content},
        "304": {"description": "Unchanged since the ETag in If-None-Match"},
    }
    return found | {str(status): _error(status) for status in sorted({*errors, *_ALWAYS})}


_TEXT = {"schema": {"type": "string"}}


def _error(status: int) -> dict[str, Any]:
    return {
        "description": ERRORS[status],
        "headers": _headers(_REQUEST_ID),
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": _ref(Problem.__name__)}}},
    }


def _headers(named: dict[str, str]) -> dict[str, Any]:
    return {
        name: {"description": about, "schema": {"type": "string"}} for name, about in named.items()
    }


def _ref(model: str) -> str:
    return f"#/components/schemas/{model}"
