"""The forms in which items are answered: JSON, or a table as CSV or JSON Lines."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import orjson
import pyarrow as pa
from flask import Response, request
from pydantic import BaseModel

from api.web.problems import BadParameterError
from listens.tables import written

Form = Literal["json", "csv", "jsonl"]
Body = Mapping[str, Any]

MEDIA_TYPES: dict[Form, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "jsonl": "application/x-ndjson",
}

TOTAL_HEADER, AS_OF_HEADER = "Playcount-Total", "Playcount-As-Of"
"""Where a table, which has no room for them, tells `total` and `as_of`."""

_ARROW: dict[object, pa.DataType] = {
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("ms", "UTC"),
}


@dataclass(frozen=True)
class Table:
    """What is answered item by item.

    Attributes:
        name: of the file that a browser saves.
        item: the model of an item.
        outer: names that lead a row, where items come in groups that have them.
        left_out: fields of the model that this question doesn't bring.
    """

    name: str
    item: type[BaseModel]
    outer: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()

    @property
    def fields(self) -> list[str]:
        """The names of an item."""
        names = [field.alias or name for name, field in self.item.model_fields.items()]
        return [name for name in names if name not in self.left_out]

    def chosen(self, fields: str | None) -> list[str]:
        """The names that are asked for, separated by commas; all of them of None.

        Raises:
            BadParameterError: an item doesn't have one, or one is given twice.
        """
        if fields is None:
            return self.fields
        names = fields.split(",")
        for name in names:
            if name not in self.fields:
                known = self.fields
                detail = f"an item has no {name!r}; it has {', '.join(known)}"
                raise BadParameterError("fields", detail, known)
            if names.count(name) > 1:
                raise BadParameterError("fields", f"{name} is given twice; give it once")
        return names


def form_asked(form: Form | None) -> Form:
    """The form that is named, or that the header Accept prefers; JSON where neither tells."""
    if form is not None:
        return form
    best = request.accept_mimetypes.best_match(list(MEDIA_TYPES.values()), "application/json")
    return next(form for form, media_type in MEDIA_TYPES.items() if media_type == best)


def response_of(body: Body, table: Table, form: Form, names: Sequence[str]) -> Response:
    """The items of a body, with some of their names, in a form."""
    if form == "json":
        return json_response(_with_names(body, table, names))
    rows = [*_rows(body, table, names)]
    columns = [*table.outer, *names]
    packed = b"".join(map(_line, rows)) if form == "jsonl" else _csv(rows, columns, table.item)
    response = Response(packed, mimetype=MEDIA_TYPES[form])  # with the charset, where it's text
    response.headers["Content-Disposition"] = f'attachment; filename="{table.name}.{form}"'
    response.headers[TOTAL_HEADER] = str(body["total"])
    response.headers[AS_OF_HEADER] = packed_json(body["as_of"]).decode()
    return response


def json_response(body: Body) -> Response:
    """JSON; instants in UTC, ids in hex."""
    return Response(packed_json(body), content_type=MEDIA_TYPES["json"])


def packed_json(value: object) -> bytes:
    """JSON; instants in UTC, ids in hex."""
    return orjson.dumps(value, default=_hex, option=orjson.OPT_UTC_Z)


def _line(row: Body) -> bytes:
    return packed_json(row) + b"\n"


def _with_names(body: Body, table: Table, names: Sequence[str]) -> Body:
    if list(names) == table.fields:
        return body
    if not table.outer:
        return {**body, "items": [_part(item, names) for item in body["items"]]}
    groups = [
        {**group, "items": [_part(item, names) for item in group["items"]]}
        for group in body["items"]
    ]
    return {**body, "items": groups}


def _rows(body: Body, table: Table, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    if not table.outer:
        yield from (_part(item, names) for item in body["items"])
        return
    for group in body["items"]:
        lead = {name: group[name] for name in table.outer}
        yield from (lead | _part(item, names) for item in group["items"])


def _part(item: Body, names: Sequence[str]) -> dict[str, Any]:
    # An import that isn't over hasn't got all that one has in the end.
    return {name: item.get(name) for name in names}


def _csv(rows: Sequence[Body], columns: Sequence[str], item: type[BaseModel]) -> bytes:
    annotations = {
        field.alias or name: field.annotation for name, field in item.model_fields.items()
    }
    schema = pa.schema([(name, _arrow_type(annotations.get(name, str))) for name in columns])
    cells = [{name: _cell(value) for name, value in row.items()} for row in rows]
    file = io.BytesIO()
    with written("csv", file, schema) as write:
        write(pa.Table.from_pylist(cells, schema=schema))
    return file.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    return packed_json(value).decode() if isinstance(value, (dict, list)) else value


def _arrow_type(annotation: object) -> pa.DataType:
    if get_origin(annotation) is Annotated:
        return _arrow_type(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        [annotation] = [each for each in get_args(annotation) if each is not type(None)]
        return _arrow_type(annotation)
    return _ARROW.get(annotation, pa.string())


def _hex(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"no JSON for {type(value).__name__}")
