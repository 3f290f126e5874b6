"""What each status code of a route means, with headers and media types, as OpenAPI says it."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from api.shapes.answers import Problem
from api.shapes.forms import AS_OF_HEADER, MEDIA_TYPES, TOTAL_HEADER
from api.submitting.bodies import JSON
from api.submitting.documents import ProtocolError
from api.web.problems import MEDIA_TYPE as PROBLEM
from api.web.request_ids import HEADER

ERRORS = {
    400: "The body can't be read, or the protocol doesn't allow it",
    401: "Access is on, and nothing that was sent says who asks",
    403: "The asker's role or scopes don't open it",
    404: "There's no such thing",
    405: "Not with this method; `Allow` has those that go",
    410: "The moment of `head_seq` can't be told any more",
    413: "The body is too large, or has too many listens or files: send it in parts",
    415: "The body is said to be what isn't read",
    421: "Access is off, and `Host` is no name of this machine, nor in PLAYCOUNT_API_HOSTS",
    422: "A parameter can't be used; `parameter` names it",
    429: "Too many requests; `Retry-After` says when to ask again",
    500: "A fault of the server, whose log says more",
    507: "The server's disk is full",
    503: "MongoDB or Kafka doesn't answer, or what is asked for isn't fit; `Retry-After` says when "
    "to ask again",
}

PAGE = "text/html"

REF = "#/components/schemas/{model}"
"""Where the description has a model."""

_ALWAYS = (405, 421, 500)
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
    status: int = 200,
    is_protocol: bool = False,
    leads_on: bool = False,
) -> dict[str, Any]:
    """Status code → response; `answer` names the model of JSON, `media_type` is of anything else.

    A table also comes as CSV and as JSON Lines. `status` is that of success; the ListenBrainz
    protocol has errors of its own.
    """
    content: dict[str, Any] = {}
    if answer:
        content[MEDIA_TYPES["json"]] = {"schema": {"$ref": REF.format(model=answer)}}
    elif media_type:
        content[media_type] = {} if media_type.endswith("json") else _TEXT
    if is_table:
        content[MEDIA_TYPES["csv"]] = content[MEDIA_TYPES["jsonl"]] = _TEXT
    headers = _REQUEST_ID | (_ETAG if answer else {}) | (_TABLE if is_table else {})
    found: dict[str, Any] = {
        str(status): {"description": about, "headers": _headers(headers), "content": content},
    }
    if status == HTTPStatus.OK and not is_protocol:
        found["304"] = {"description": "Unchanged since the ETag in If-None-Match"}
    if leads_on:
        found["303"] = {"description": "`Location` says where to"}
    error = content_of(ProtocolError, JSON) if is_protocol else content_of(Problem, PROBLEM)
    if media_type == PAGE:  # some errors are pages, too
        error = error | {PAGE: _TEXT}
    return found | {
        str(failed): {
            "description": ERRORS[failed],
            "headers": _headers(_REQUEST_ID),
            "content": error,
        }
        for failed in sorted({*errors, *_ALWAYS})
    }


_TEXT = {"schema": {"type": "string"}}


def content_of(model: type[BaseModel], media_type: str) -> dict[str, Any]:
    """A body of a media type, as a model describes it."""
    return {media_type: {"schema": {"$ref": REF.format(model=model.__name__)}}}


def _headers(named: dict[str, str]) -> dict[str, Any]:
    return {
        name: {"description": about, "schema": {"type": "string"}} for name, about in named.items()
    }
