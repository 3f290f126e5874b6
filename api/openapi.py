"""The OpenAPI 3.1 description, made from the models that parse the queries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from api import answers, listen_queries, page_answers, queries
from api.problems import MEDIA_TYPE

VERSION = "0.1.0"

_INSIDE = re.compile(r"{(\w+)}")
"""A parameter in a path."""

_REF = "#/components/schemas/{model}"


@dataclass(frozen=True)
class Route:
    """One documented path; `answer` is None for files and streams, `media_type` a stream's."""

    summary: str
    query: type[queries.Query] | None
    answer: type[answers.Answer] | None
    errors: tuple[int, ...] = ()
    media_type: str = ""


_READS = (422, 503)

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
    "/healthz": Route("Whether the process answers", queries.NoQuery, answers.Health, (422,)),
    "/config.json": Route("Settings of the dashboard", queries.NoQuery, answers.Config, (422,)),
    "/openapi.json": Route("This description", queries.NoQuery, None, (422,)),
    "/metrics": Route("State of API and layers, for Prometheus", queries.NoQuery, None, (422,)),
    "/": Route("To the dashboard", None, None),
    "/dashboard/": Route("The dashboard", None, None),
    "/dashboard/{name}": Route("A file of the dashboard", None, None, (404,)),
}
"""Every path of the application; a test compares them with its URL map."""

_ERRORS = {
    404: "There's no such thing",
    422: "A parameter can't be used; `parameter` names it",
    503: "MongoDB doesn't answer; `Retry-After` says when to ask again",
}

_ABOUT = (
    "Exact charts of listens: each answer counts exactly the events before `as_of.offsets`. "
    "A strong `ETag` names the answer; send it back in `If-None-Match` and an unchanged answer "
    "costs a 304."
)


@cache
def description() -> dict[str, Any]:
    """The whole document."""
    models = {answers.Problem} | {route.answer for route in ROUTES.values() if route.answer}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "serialization") for model in ordered],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Playcount", "version": VERSION, "description": _ABOUT},
        "paths": {path: {"get": _operation(path, route)} for path, route in ROUTES.items()},
        "components": {"schemas": schemas["$defs"]},
    }


def _operation(path: str, route: Route) -> dict[str, Any]:
    success: dict[str, Any] = {"description": route.summary}
    if route.answer:
        success["content"] = _content("application/json", route.answer.__name__)
    elif route.media_type:
        success["content"] = {route.media_type: {"schema": {"type": "string"}}}
    responses = {"200": success}
    if route.answer:
        responses["304"] = {"description": "Unchanged since the ETag in If-None-Match"}
    for status in route.errors:
        responses[str(status)] = {
            "description": _ERRORS[status],
            "content": _content(MEDIA_TYPE, answers.Problem.__name__),
        }
    return {
        "summary": route.summary,
        "operationId": _operation_id(path),
        "parameters": _parameters(path, route),
        "responses": responses,
    }


def _operation_id(path: str) -> str:
    words = path.removeprefix("/api").strip("/").replace("{", "").replace("}", "")
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
