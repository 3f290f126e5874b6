"""The OpenAPI 3.1 description, made from the models that parse the queries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api import answers, listen_queries, page_answers, queries
from api.access import describing
from api.problems import MEDIA_TYPE
from api.submitting import documents
from api.submitting import queries as submit_queries
from api.submitting.bodies import JSON, LINES
from api.submitting.protocol import PREFIX

VERSION = "0.1.0"

_INSIDE = re.compile(r"{(\w+)}")
"""A parameter in a path."""

_REF = "#/components/schemas/{model}"


@dataclass(frozen=True)
class Route:
    """One documented path; `answer` is None for files and streams, `media_type` a stream's.

    `body` is sent by POST, as one of `body_types`; `status` is that of success; `leads_on`: it may
    also answer with another place.
    """

    summary: str
    query: type[queries.Query] | None
    answer: type[answers.Answer] | None
    errors: tuple[int, ...] = ()
    media_type: str = ""
    methods: tuple[str, ...] = ("get",)
    body: type[BaseModel] | None = None
    body_types: tuple[str, ...] = (JSON,)
    status: int = 200
    leads_on: bool = False


_READS = (422, 503)
_ASKS = (400, 429, 503)
_SENDS = (400, 401, 413, 429, 503)

ROUTES: dict[str, Route] = {
    **{
        f"/api/top-{view}": Route(f"Top {view}", queries.TopQuery, answer, _READS)
        for view, answer in answers.TOPS.items()
    },
    "/api/tops": Route("The first ranks by slice", queries.TopsQuery, answers.Tops, _READS),
    "/api/trending": Route("What rises", queries.TrendingQuery, answers.Trending, _READS),
    "/api/windows": Route(
        "First ranks by the minute", queries.WindowsQuery, answers.Windows, _READS
    ),
    "/api/rhythm": Route(
        "Hours of the week, parts of the day", queries.Selection, answers.Rhythm, _READS
    ),
    "/api/{view}/{key}": Route(
        "All about a song, artist or album", queries.PageQuery, page_answers.Work, (404, *_READS)
    ),
    "/api/genres/{genre}": Route(
        "All about a genre", queries.PageQuery, page_answers.GenrePage, _READS
    ),
    "/api/listeners/{listener}": Route(
        "All about a listener", queries.PageQuery, page_answers.ListenerPage, _READS
    ),
    "/api/summary": Route("Totals of a selection", queries.Selection, answers.Summary, _READS),
    "/api/timeline": Route("Sums by period", queries.TimelineQuery, answers.Timeline, _READS),
    "/api/recent": Route("The newest listens", listen_queries.RecentQuery, answers.Recent, _READS),
    "/api/stream": Route(
        "Listens as they are counted", listen_queries.StreamQuery, None, _READS, "text/event-stream"
    ),
    "/api/imports": Route("The ledger of imports", queries.ImportsQuery, answers.Imports, _READS),
    "/api/status": Route("State of the layers", queries.NoQuery, answers.Status, _READS),
    "/api/slices": Route("Values of the slices", queries.SlicesQuery, answers.Slices, _READS),
    "/api/listens": Route(
        "Send listens",
        submit_queries.SubmitQuery,
        documents.Accepted,
        (400, 413, 415, *_READS),
        methods=("post",),
        body=documents.Sending,
        body_types=(JSON, *LINES),
        status=202,
    ),
    "/1/submit-listens": Route(
        "Send listens (ListenBrainz)",
        queries.NoQuery,
        documents.Done,
        _SENDS,
        methods=("post",),
        body=documents.Submitted,
    ),
    "/1/validate-token": Route(
        "Whose a token is (ListenBrainz)",
        submit_queries.TokenQuery,
        documents.TokenValidity,
        (400, 429),
    ),
    "/1/user/{listener}/listens": Route(
        "A listener's newest listens (ListenBrainz)",
        submit_queries.UserListensQuery,
        documents.UserListens,
        _ASKS,
    ),
    "/1/user/{listener}/listen-count": Route(
        "A listener's number of listens (ListenBrainz)",
        queries.NoQuery,
        documents.ListenCount,
        _ASKS,
    ),
    "/1/user/{listener}/playing-now": Route(
        "What a listener hears now (ListenBrainz)",
        queries.NoQuery,
        documents.PlayingNow,
        (400, 429),
    ),
    "/healthz": Route("Whether the process answers", queries.NoQuery, answers.Health, (422,)),
    "/config.json": Route("Settings of the dashboard", queries.NoQuery, answers.Config, (422,)),
    "/openapi.json": Route("This description", queries.NoQuery, None, (422,)),
    "/metrics": Route("State of API and layers, for Prometheus", queries.NoQuery, None, (422,)),
    "/api/me": Route("Who the asker is", queries.NoQuery, answers.Me, (422, 503)),
    "/login": Route(
        "The form to sign in, and what it sends to",
        None,
        None,
        (401, 403, 413, 503),
        methods=("get", "post"),
        leads_on=True,
    ),
    "/logout": Route("End the session", None, None, (403, 503), methods=("post",), leads_on=True),
    "/shared/{secret}": Route(
        "Open a listener's page by a link", None, None, (404, 503), leads_on=True
    ),
    "/": Route("The dashboard", None, None, leads_on=True),
    "/dashboard/{name}": Route("A file of the dashboard", None, None, (404,)),
}
"""Every path of the application; a test compares them with its URL map."""

_ERRORS = {
    400: "The body can't be read, or the protocol doesn't allow it",
    401: "Access is on, and nothing that was sent says who asks",
    403: "The asker's role or scopes don't open it",
    404: "There's no such thing",
    413: "The body is too large, or has too many listens: send it in parts",
    415: "The body is said to be what isn't read",
    422: "A parameter can't be used; `parameter` names it",
    429: "Too many requests; `Retry-After` says when to go on",
    503: "MongoDB or Kafka doesn't answer; `Retry-After` says when to ask again",
}

_ABOUT = (
    "Exact charts of listens: each answer counts exactly the events before `as_of.offsets`. "
    "A strong `ETag` names the answer; send it back in `If-None-Match` and an unchanged answer "
    "costs a 304."
)


@cache
def description() -> dict[str, Any]:
    """The whole document."""
    shown = {route.answer for route in ROUTES.values() if route.answer}
    read = {route.body for route in ROUTES.values() if route.body}
    models: dict[type[BaseModel], JsonSchemaMode] = dict.fromkeys(read, "validation")
    models |= dict.fromkeys(shown | {answers.Problem, documents.ProtocolError}, "serialization")
    _, schemas = models_json_schema(
        sorted(models.items(), key=lambda model: model[0].__name__), ref_template=_REF
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Playcount", "version": VERSION, "description": _ABOUT},
        "paths": {
            path: {method: _operation(path, route, method) for method in route.methods}
            for path, route in ROUTES.items()
        },
        "components": {"schemas": schemas["$defs"], "securitySchemes": describing.SCHEMES},
    }


def _operation(path: str, route: Route, method: str) -> dict[str, Any]:
    success: dict[str, Any] = {"description": route.summary}
    if route.answer:
        success["content"] = _content("application/json", route.answer.__name__)
    elif route.media_type:
        success["content"] = {route.media_type: {"schema": {"type": "string"}}}
    responses = {str(route.status): success}
    if route.answer and method == "get":
        responses["304"] = {"description": "Unchanged since the ETag in If-None-Match"}
    if route.leads_on:
        responses["303"] = {"description": "`Location` says where to"}
    for status in sorted({*route.errors, *describing.denials(method, path)}):
        responses[str(status)] = {
            "description": _ERRORS[status],
            "content": _error(path),
        }
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _operation_id(path) + ("" if method == "get" else f"_{method}"),
        "parameters": _parameters(path, route),
        "responses": responses,
        "security": describing.security(method, path),
    }
    if route.body:
        content = [_content(each, route.body.__name__) for each in route.body_types]
        operation["requestBody"] = {"required": True, "content": reduce(or_, content)}
    return operation


def _error(path: str) -> dict[str, Any]:
    if path.startswith(PREFIX):
        return _content(JSON, documents.ProtocolError.__name__)
    return _content(MEDIA_TYPE, answers.Problem.__name__)


def _operation_id(path: str) -> str:
    words = (
        path.removeprefix("/api").removeprefix("/1").strip("/").replace("{", "").replace("}", "")
    )
    return "_".join(words.replace("-", "/").replace(".", "/").split("/")) or "page"


def _content(media_type: str, model: str) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": _REF.format(model=model)}}}


def _parameters(path: str, route: Route) -> list[dict[str, Any]]:
    inside = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _INSIDE.findall(path)
    ]
    if route.query is None:
        return inside
    properties = route.query.model_json_schema(mode="validation").get("properties", {})
    return inside + [_parameter(name, dict(schema)) for name, schema in properties.items()]


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    schema.pop("title", None)
    about = schema.pop("description", "")
    if schema.get("default", "") is None:  # absent, which is no value that can be sent
        del schema["default"]
    options = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
    for option in options:
        schema.update(option)
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema}
