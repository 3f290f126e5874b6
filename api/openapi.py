"""The OpenAPI 3.1 description, made from the models that parse the queries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api import (
    answers,
    drop_off,
    items,
    listen_queries,
    page_answers,
    queries,
    search_queries,
    selections,
)
from api.openapi_responses import REF, content_of, responses
from api.submitting import documents
from api.submitting import queries as submit_queries
from api.submitting.bodies import JSON, LINES
from api.submitting.protocol import PREFIX

VERSION = "0.1.0"

_INSIDE = re.compile(r"{(\w+)}")
"""A parameter in a path."""


@dataclass(frozen=True)
class Route:
    """One documented path; `answer` is None for files and streams, `media_type` is theirs.

    `example` is a query string where a question without one is refused. `body` is sent by POST,
    as one of `body_types`; `status` is that of success.
    """

    summary: str
    query: type[selections.Query] | None
    answer: type[items.Answer] | None
    errors: tuple[int, ...] = ()
    media_type: str = ""
    tag: str = "Charts"
    example: str = ""
    body: type[BaseModel] | None = None
    body_types: tuple[str, ...] = (JSON,)
    status: int = 200

    @property
    def method(self) -> str:
        """As OpenAPI calls it."""
        return "post" if self.body else "get"


_READS = (422, 503)
_MOMENTS = (410, *_READS)
_ASKS = (400, 429, 503)
_SENDS = (400, 401, 413, 429, 503)
_LISTENS, _OPERATIONS, _PAGES = "Listens and imports", "Operations", "Dashboard and documents"
_PROTOCOL = "ListenBrainz"

ROUTES: dict[str, Route] = {
    **{
        f"/api/top-{view}": Route(f"Top {view}", queries.TopQuery, answer, _MOMENTS)
        for view, answer in answers.TOPS.items()
    },
    "/api/tops": Route("The first ranks by slice", queries.TopsQuery, answers.Tops, _MOMENTS,
        example="entity=artists&per=country",
    ),
    "/api/trending": Route("What rises", queries.TrendingQuery, answers.Trending, _MOMENTS,
        example="window=newest-month",
    ),
    "/api/windows": Route(
        "First ranks by the minute", queries.WindowsQuery, answers.Windows, _READS
    ),
    "/api/drop-off": Route(
        "Where tracks are left", drop_off.DropOffQuery, page_answers.DropOff, _MOMENTS
    ),
    "/api/rhythm": Route(
        "Hours of the week, parts of the day", selections.Selection, answers.Rhythm, _MOMENTS
    ),
    "/api/{view}/{key}": Route(
        "All about a song, artist or album", queries.PageQuery, page_answers.Work, (404, *_MOMENTS)
    ),
    "/api/genres/{genre}": Route(
        "All about a genre", queries.PageQuery, page_answers.GenrePage, _MOMENTS
    ),
    "/api/listeners/{listener}": Route(
        "All about a listener", queries.PageQuery, page_answers.ListenerPage, _MOMENTS
    ),
    "/api/search": Route(
        "Search by name", search_queries.SearchQuery, page_answers.SearchResult, _READS,
        example="q=joga",
    ),
    "/api/summary": Route(
        "Totals of a selection", queries.SummaryQuery, answers.Summary, _MOMENTS
    ),
    "/api/timeline": Route("Sums by period", queries.TimelineQuery, answers.Timeline, _MOMENTS),
    "/api/slices": Route("Values of the slices", queries.SlicesQuery, answers.Slices, _READS),
    "/api/recent": Route(
        "The newest listens", listen_queries.RecentQuery, answers.Recent, _READS, tag=_LISTENS
    ),
    "/api/stream": Route(
        "Listens as they are counted", listen_queries.StreamQuery, None, _READS,
        "text/event-stream", _LISTENS,
    ),
    "/api/listens": Route(
        "Send listens",
        submit_queries.SubmitQuery,
        documents.Accepted,
        (400, 413, 415, *_READS),
        body=documents.Sending,
        body_types=(JSON, *LINES),
        status=202,
        tag=_LISTENS,
    ),
    "/1/submit-listens": Route(
        "Send listens",
        queries.NoQuery,
        documents.Done,
        _SENDS,
        body=documents.Submitted,
        tag=_PROTOCOL,
    ),
    "/1/validate-token": Route(
        "Whose a token is",
        submit_queries.TokenQuery,
        documents.TokenValidity,
        (400, 429),
        tag=_PROTOCOL,
    ),
    "/1/user/{listener}/listens": Route(
        "A listener's newest listens",
        submit_queries.UserListensQuery,
        documents.UserListens,
        _ASKS,
        tag=_PROTOCOL,
    ),
    "/1/user/{listener}/listen-count": Route(
        "A listener's number of listens",
        queries.NoQuery,
        documents.ListenCount,
        _ASKS,
        tag=_PROTOCOL,
    ),
    "/1/user/{listener}/playing-now": Route(
        "What a listener hears now",
        queries.NoQuery,
        documents.PlayingNow,
        (400, 429),
        tag=_PROTOCOL,
    ),
    "/api/imports": Route(
        "The ledger of imports", queries.ImportsQuery, answers.Imports, _READS, tag=_LISTENS
    ),
    "/api/status": Route(
        "State of the layers", queries.NoQuery, answers.Status, _READS, tag=_OPERATIONS
    ),
    "/healthz": Route(
        "Whether the process answers", queries.NoQuery, answers.Health, (422,), tag=_OPERATIONS
    ),
    "/readyz": Route(
        "Whether store and data are fit", queries.NoQuery, answers.Ready, _READS, tag=_OPERATIONS
    ),
    "/metrics": Route(
        "State of API and layers, for Prometheus", queries.NoQuery, None, (422,), "text/plain",
        _OPERATIONS,
    ),
    "/config.json": Route(
        "Settings of the dashboard", queries.NoQuery, answers.Config, (422,), tag=_PAGES
    ),
    "/openapi.json": Route(
        "This description", queries.NoQuery, None, (422,), "application/json", _PAGES
    ),
    "/docs": Route(
        "This description, for people", queries.NoQuery, None, (422,), "text/html", _PAGES
    ),
    "/": Route("The dashboard", None, None, (), "text/html", _PAGES),
    "/dashboard/{name}": Route("A file of the dashboard", None, None, (404,), "*/*", _PAGES),
}  # fmt: skip
"""Every path of the application; a test compares them with its URL map."""

_ABOUT = (
    "Exact charts of listens: each answer counts exactly the events before `as_of.offsets`. "
    "A strong `ETag` names the answer; send it back in `If-None-Match` and an unchanged answer "
    "costs a 304. Every error is `application/problem+json` (RFC 9457)."
)

_PLACES: dict[str, dict[str, Any]] = {
    "view": {"type": "string", "enum": ["songs", "artists", "albums"]},
    "key": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}
"""What a parameter within a path may be, where that isn't any text."""


@cache
def description() -> dict[str, Any]:
    """The whole document."""
    shown = {route.answer for route in ROUTES.values() if route.answer}
    read = {route.body for route in ROUTES.values() if route.body}
    models: dict[type[BaseModel], JsonSchemaMode] = dict.fromkeys(read, "validation")
    models |= dict.fromkeys(shown | {answers.Problem, documents.ProtocolError}, "serialization")
    _, schemas = models_json_schema(
        sorted(models.items(), key=lambda model: model[0].__name__), ref_template=REF
    )
    for model in items.PARTIAL:  # with `fields`, any of their names may be missing
        schemas["$defs"][model.__name__].pop("required", None)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Playcount", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in ROUTES.values())],
        "paths": {path: {route.method: _operation(path, route)} for path, route in ROUTES.items()},
        "components": {"schemas": schemas["$defs"]},
    }


def _operation(path: str, route: Route) -> dict[str, Any]:
    example = f"{path}?{route.example}" if route.example else path
    is_tried = not route.body and not _INSIDE.search(path)
    operation: dict[str, Any] = {
        **({"x-example": example} if is_tried else {}),
        "tags": [route.tag],
        "summary": route.summary,
        "operationId": _operation_id(path),
        "parameters": _parameters(path, route),
        "responses": responses(
            route.summary,
            answer=route.answer.__name__ if route.answer else "",
            media_type=route.media_type,
            is_table=route.query is not None and issubclass(route.query, selections.ItemsQuery),
            errors=route.errors,
            status=route.status,
            is_protocol=path.startswith(PREFIX),
        ),
    }
    if route.body:
        content = [content_of(route.body, each) for each in route.body_types]
        operation["requestBody"] = {"required": True, "content": reduce(or_, content)}
    return operation


def _operation_id(path: str) -> str:
    words = (
        path.removeprefix("/api").removeprefix("/1").strip("/").replace("{", "").replace("}", "")
    )
    return "_".join(words.replace("-", "/").replace(".", "/").split("/")) or "page"


def _parameters(path: str, route: Route) -> list[dict[str, Any]]:
    inside = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _PLACES.get(name, {"type": "string", "minLength": 1}),
        }
        for name in _INSIDE.findall(path)
    ]
    if route.query is None:
        return inside
    schema = route.query.model_json_schema(mode="validation")
    needed = schema.get("required", ())
    asked = [
        _parameter(name, dict(about), is_needed=name in needed)
        for name, about in schema.get("properties", {}).items()
    ]
    names = items.item_names(route.answer) if route.answer else []
    return inside + [
        _with_names(each, names) if each["name"] == "fields" else each for each in asked
    ]


def _parameter(name: str, schema: dict[str, Any], *, is_needed: bool) -> dict[str, Any]:
    schema.pop("title", None)
    about = schema.pop("description", "")
    if schema.get("default", "") is None:  # absent, which is no value that can be sent
        del schema["default"]
    options = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        schema.update(options[0])
    elif options:
        schema["anyOf"] = options
    return {
        "name": name,
        "in": "query",
        "required": is_needed,
        "description": about,
        "schema": schema,
    }


def _with_names(parameter: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The parameter `fields`, with the names that an item may have."""
    name = {"type": "string", "enum": names}
    schema = {"type": "array", "items": name, "minItems": 1, "uniqueItems": True}
    return {**parameter, "schema": schema, "style": "form", "explode": False}
