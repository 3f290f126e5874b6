"""The OpenAPI 3.1 description, made from the models that parse the queries."""

from __future__ import annotations

import re
from functools import cache, reduce
from operator import or_
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.access import describing
from api.description.openapi_responses import REF, content_of, responses
from api.description.openapi_routes import ROUTES, Route
from api.questions import selections
from api.shapes import answers, items
from api.submitting import documents
from api.submitting.protocol import PREFIX

VERSION = "0.1.0"

_INSIDE = re.compile(r"{(\w+)}")
"""A parameter in a path."""

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
    operations = [each for route in ROUTES.values() for each in route.operations.values()]
    shown = {each.answer for each in operations if each.answer}
    read = {each.body for each in operations if each.body}
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
        "paths": {
            path: {
                method: _operation(path, each, method) for method, each in route.operations.items()
            }
            for path, route in ROUTES.items()
        },
        "components": {"schemas": schemas["$defs"], "securitySchemes": describing.SCHEMES},
    }


def _operation(path: str, route: Route, method: str) -> dict[str, Any]:
    example = f"{path}?{route.example}" if route.example else path
    is_tried = method == "get" and not _INSIDE.search(path)
    operation: dict[str, Any] = {
        **({"x-example": example} if is_tried else {}),
        "tags": [route.tag],
        "summary": route.summary,
        "operationId": _operation_id(path, method),
        "parameters": _parameters(path, route),
        "responses": responses(
            route.summary,
            answer=route.answer.__name__ if route.answer else "",
            media_type=route.media_type,
            is_table=route.query is not None and issubclass(route.query, selections.ItemsQuery),
            errors={*route.errors, *describing.denials(method, path)},
            status=route.status,
            leads_on=route.leads_on,
            is_protocol=path.startswith(PREFIX),
        ),
        "security": describing.security(method, path),
    }
    if route.body:
        content = [content_of(route.body, each) for each in route.body_types]
        operation["requestBody"] = {"required": True, "content": reduce(or_, content)}
    return operation


def _operation_id(path: str, method: str) -> str:
    """The path, and the method unless it's the first of the path."""
    words = (
        path.removeprefix("/api").removeprefix("/1").strip("/").replace("{", "").replace("}", "")
    )
    name = "_".join(words.replace("-", "/").replace(".", "/").split("/")) or "page"
    return name if method == next(iter(ROUTES[path].operations)) else f"{name}_{method}"


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
