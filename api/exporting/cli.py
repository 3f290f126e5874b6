"""`playcount export CHART`: a command a chart, all of one shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from listens.errors import UserMistakeError
from listens.views import EVERYONE, VIEWS

if TYPE_CHECKING:
    from listens.settings import Settings
    from listens.store import Store
    from listens.tables import Target

app = typer.Typer()

UNITS = ("minute", "hour")

CHARTS = {
    view.name: view
    for view in VIEWS.values()
    if view.finest != "minute" and EVERYONE in view.slices and view.counted == "always"
}
"""What has a chart of any days."""

SLICES = [
    by
    for by in dict.fromkeys(by for view in CHARTS.values() for by in view.slices)
    if by != EVERYONE and "+" not in by
]
"""By what they are narrowed; one by two are two options."""

_WINDOW = (
    "A year, month, ISO week or day, or a relative one such as last-month; with --follow minute "
    "or hour"
)

_OPTIONS: dict[str, tuple[Any, Any, str]] = {
    "window": (str, "all", _WINDOW),
    "from": (str | None, None, "The first day"),
    "to": (str | None, None, "The day after the last"),
    **{by: (str | None, None, f"Only this {by}") for by in SLICES},
    "by": (str, "plays", "The measure or rate that ranks"),
    "order": (str, "desc", "desc: the greatest first; or asc"),
    "min-count": (int, 0, "Only what has so many listens that the rate is taken over"),
    "limit": (int | None, None, "Ranks at most; all without it"),
    "csv": (Path | None, None, "A CSV file"),
    "jsonl": (Path | None, None, "A file of JSON Lines"),
    "parquet": (Path | None, None, "A Parquet file"),
    "follow": (bool, False, "Append each minute or hour when it's closed, until Ctrl-C"),
    "lateness": (float, 60, "With --follow: seconds from a period's end to its closing"),
}  # fmt: skip
"""Option → type, default, what it's for; the slices are those of the catalogue."""

_HELP = """Write the chart of {view}, ranked as the API ranks it.

Without a file it goes to standard output as CSV. The moment that it counts is told on standard
error.

    playcount export {view} --window 2026-01 --limit 100 --csv january.csv
"""


@dataclass(frozen=True)
class Order:
    """What was asked for; `selection` has the API's parameters."""

    view: str
    selection: dict[str, Any]
    target: Target
    lateness_seconds: float


def _run(view: str, **options: Any) -> None:
    from listens.tables import target_of

    target = target_of(**{form: options.pop(form) for form in ("csv", "jsonl", "parquet")})
    is_followed, lateness = options.pop("follow"), options.pop("lateness")
    options["from"] = options.pop("from_")
    order = Order(view, options, target, lateness)
    if is_followed:
        _follow(order)
    elif options["window"] in UNITS:
        raise UserMistakeError(f"--window {options['window']} goes with --follow")
    else:
        _export(order)


def _export(order: Order) -> None:
    import orjson

    from api.exporting.charts import export, query_of
    from api.merging.charts import Charts
    from api.questions.periods import present, today

    if order.selection["window"] == "all":  # which goes with --from and --to
        del order.selection["window"]
    query = query_of(order.view, order.selection)
    settings, store = _connected()
    present_day = today(present, settings.time_zone)
    done = export(
        store, Charts(cache_bytes=0), order.view, query, order.target, present_day=present_day
    )
    typer.echo(orjson.dumps(done, option=orjson.OPT_UTC_Z).decode(), err=True)


def _follow(order: Order) -> None:
    from zoneinfo import ZoneInfo

    from api.exporting.appended import Appended
    from api.exporting.charts import query_of, ranking_of
    from api.exporting.following import Following, follow
    from api.exporting.periods import view_of
    from api.routes.top import order_of
    from listens.stopping import stop_on_signals
    from listens.windows import A_DAY, day_number

    selection = dict(order.selection)
    unit, first = selection.pop("window"), selection.pop("from")
    if order.target.path is None or order.target.form != "csv" or unit not in UNITS:
        raise UserMistakeError("--follow needs --csv FILE, and --window minute or hour")
    if given := [name for name in ("to", *SLICES) if selection.pop(name) is not None]:
        raise UserMistakeError(f"--{given[0]} doesn't go with --follow: it follows everyone")
    view = view_of(order.view, unit)
    if view is None:
        raise UserMistakeError(f"{order.view} aren't counted by {unit}; see docs/export.md")
    query = query_of(order.view, selection)
    settings, store = _connected()
    what = Following(
        ranking_of(order.view), view, unit, ZoneInfo(settings.time_zone), order.lateness_seconds,
        order_of(query), query.limit,
    )  # fmt: skip
    file = Appended(order.target.path, what.columns)
    begin = None
    if first is not None:
        begin = day_number(datetime.fromisoformat(first).date()) * A_DAY[unit]
    typer.echo(f"appending to {order.target.path} until Ctrl-C", err=True)
    follow(store, what, file, first=begin, stop=stop_on_signals())
    file.close()


def _connected() -> tuple[Settings, Store]:
    from listens.settings import load_settings
    from listens.store import connect

    settings = load_settings()
    return settings, connect(settings)


def _command(view: str) -> Callable[..., None]:
    """The command of a chart: typer reads its options from the signature."""

    def command(**options: Any) -> None:
        _run(view, **options)

    command.__doc__ = _HELP.format(view=view)
    parameters = []
    for name, (type_, default, about) in _OPTIONS.items():
        option = typer.Option(f"--{name}", help=about)
        attribute = "from_" if name == "from" else name.replace("-", "_")
        parameters.append(
            Parameter(attribute, Parameter.KEYWORD_ONLY, default=default,
                      annotation=Annotated[type_, option])
        )  # fmt: skip
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


for _view in CHARTS:
    app.command(_view)(_command(_view))
