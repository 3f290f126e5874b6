"""`playcount ask`: every question of the API on the command line, without its server."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import typer

from listens.errors import PlaycountError, ServiceDownError, UserMistakeError

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

app = typer.Typer()

FORMS = ("text", "json", "csv", "jsonl")

_PREFIX = "/api/"
_ENDLESS = "/api/stream"
_HIDDEN = ("event_id", "song_id", "artist_id", "album_id", "listener_id")
"""Names of an item that take a third of a line and say nothing to people."""

_COLUMNS = 6
"""What a line of 80 characters holds; the other formats have the rest."""

_ESTIMATED = (
    "listeners are estimated from a part of them; listeners_error is by which part of itself each "
    "may be off, in 95 of 100 cases"
)


@app.command()
def ask(
    question: Annotated[
        str | None, typer.Argument(help="A route of the API, without /api/; none: list them")
    ] = None,
    parameters: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="Its parameters")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="text: a table, or JSON; json; csv and jsonl of items")
    ] = "text",
) -> None:
    """Answer any question of the API here, from MongoDB, exactly as the API would.

    The questions and their parameters are those of docs/api.md:

        playcount ask

        playcount ask top-songs window=last-month limit=10

        playcount ask tops entity=artists per=country

        playcount ask trending window=newest-month entity=artists --format csv

        playcount ask listeners/ann window=2025
    """
    if form not in FORMS:
        raise UserMistakeError(f"no format {form!r}; there are {', '.join(FORMS)}")
    if question is None:
        _print_questions()
        return
    path = _PREFIX + question.strip("/").removeprefix("api/")
    if path == _ENDLESS:
        raise UserMistakeError("the stream never ends; ./playcount tail shows what comes in")
    query = [_parameter(text) for text in parameters or ()]
    if form in ("csv", "jsonl"):
        query.append(("format", form))
    response = _answer(path, query)
    if response.mimetype == "application/json":
        _print_answer(json.loads(response.get_data()), is_table=form == "text")
    else:
        sys.stdout.write(response.get_data(as_text=True))


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UserMistakeError(f"{text!r} is no parameter: it's NAME=VALUE, such as window=2026")
    return name, value


def _answer(path: str, query: list[tuple[str, str]]) -> TestResponse:
    from werkzeug.datastructures import MultiDict

    from api.application import create_app
    from listens.settings import load_settings

    # Who can read MongoDB may see everything, as with every other command.
    application = create_app(load_settings().model_copy(update={"access": "off"}))
    response = application.test_client().get(path, query_string=MultiDict(query))
    status = HTTPStatus(response.status_code)
    if status == HTTPStatus.OK:
        return response
    problem = response.get_json(force=True, silent=True) or {}
    told = problem.get("detail") or f"the answer is {status}"
    if status == HTTPStatus.NOT_FOUND:
        raise UserMistakeError(f"{path}: {told} All questions: ./playcount ask")
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise UserMistakeError(told)
    is_down = status == HTTPStatus.SERVICE_UNAVAILABLE
    raise (ServiceDownError if is_down else PlaycountError)(told)


def _print_questions() -> None:
    from rich.console import Console
    from rich.table import Table

    from api.description.openapi_routes import ROUTES
    from api.questions.queries import parameters_of

    table = Table("question", "answers", "parameters", box=None)
    for path, route in ROUTES.items():
        if path.startswith(_PREFIX) and route.methods == ("get",) and path != _ENDLESS:
            names = parameters_of(route.query) if route.query else ()
            table.add_row(path.removeprefix(_PREFIX), route.summary, ", ".join(names))
    Console().print(table)


def _print_answer(answer: dict[str, Any], *, is_table: bool) -> None:
    items = answer.get("items")
    if is_table and items and _is_flat(items):
        is_estimate = answer.get("listeners_are") == "estimated"
        _print_table(items, hidden=_HIDDEN if is_estimate else (*_HIDDEN, "listeners_error"))
        typer.echo(f"{len(items):,} of {answer.get('total', len(items)):,}", err=True)
        if is_estimate:
            typer.echo(_ESTIMATED, err=True)
    else:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def _is_flat(items: Iterable[dict[str, Any]]) -> bool:
    return not any(isinstance(value, dict | list) for item in items for value in item.values())


def _print_table(items: list[dict[str, Any]], *, hidden: Collection[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    names = [
        name
        for name in items[0]
        if name not in hidden and any(item[name] is not None for item in items)
    ]
    table = Table(box=None)
    for name in names[:_COLUMNS]:
        is_number = all(isinstance(item[name], int | float | None) for item in items)
        # What doesn't fit is taken from the names: half a number is none.
        widest = max(len(name), *(len(_shown(item[name])) for item in items)) if is_number else 0
        table.add_column(
            name,
            justify="right" if is_number else "left",
            min_width=widest,
            no_wrap=True,
            overflow="ellipsis",
        )
    for item in items:
        table.add_row(*(_shown(item[name]) for name in names[:_COLUMNS]))
    Console().print(table)


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
