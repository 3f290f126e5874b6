"""A whole chart as a table: the API's exact merge at one snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pydantic import Field

from api.analyses.rankings import RANKINGS, Item, Ranking, items_of
from api.merging import reading
from api.merging.charts import Charts, at_one_moment
from api.merging.merge import Page
from api.merging.snapshot import Snapshot
from api.questions.narrowing import checked
from api.questions.periods import newest_day, span_of
from api.questions.queries import parsed
from api.questions.selections import Order, Selection
from api.routes.top import order_of
from api.web.problems import BadParameterError
from listens.errors import UserMistakeError
from listens.packing import Chart
from listens.rules import RATES, SHOWN
from listens.store import Store
from listens.tables import Target, opened

ROWS_AT_ONCE = 10_000

EVERYTHING = 1 << 31
"""More ranks than any chart has."""

TOTALS = Ranking("totals", "kind")


class ExportQuery(Selection, Order):
    """A whole chart, or its first ranks."""

    limit: int = Field(EVERYTHING, ge=1)


@dataclass(frozen=True)
class Exported:
    """What was written."""

    rows: int
    total: int
    as_of: dict[str, Any]


def query_of(view: str, options: Mapping[str, str | int | None]) -> ExportQuery:
    """What some options ask of a chart, by the API's names.

    Raises:
        UserMistakeError: one can't be used, or not for this chart.
    """
    given = [(name, [str(value)]) for name, value in options.items() if value is not None]
    try:
        query = parsed(ExportQuery, given)
        checked(view, query.slice_)
    except BadParameterError as error:
        raise UserMistakeError(str(error)) from error
    return query


def ranking_of(view: str) -> Ranking:
    """How a chart's rows are named."""
    return RANKINGS.get(view, TOTALS)


def columns_of(ranking: Ranking) -> list[str]:
    """The columns of a row but its rank."""
    return [ranking.key, *ranking.names, *SHOWN, *RATES, "ratings"]


def export(
    store: Store,
    charts: Charts,
    view: str,
    query: ExportQuery,
    target: Target,
    *,
    present_day: int,
) -> Exported:
    """Write a chart; its ranks are those that the API would answer at the same moment.

    Raises:
        ServiceDownError: versions were replaced faster than they could be read.
    """
    ranking = ranking_of(view)
    snapshot, page = _page(store, charts, view, query, present_day)
    schema = _schema(ranking)
    with opened(target, schema) as write:
        for items in _items(store, ranking, page):
            write(pa.Table.from_pylist(items, schema=schema))
    return Exported(len(page.chart), page.total, snapshot.as_of())


def _page(
    store: Store, charts: Charts, view: str, query: ExportQuery, present_day: int
) -> tuple[Snapshot, Page]:
    def read(snapshot: Snapshot) -> tuple[Snapshot, Page]:
        span = span_of(query, present_day, lambda: newest_day(charts, store, snapshot))
        page = charts.page(
            store, snapshot, view, query.slice_, span,
            order=order_of(query), offset=0, limit=query.limit,
        )  # fmt: skip
        return snapshot, page

    return at_one_moment(lambda: reading.snapshot(store), read)


def _schema(ranking: Ranking) -> pa.Schema:
    types = {"rank": pa.int64(), "ratings": pa.int64()}
    types |= dict.fromkeys(SHOWN, pa.int64()) | dict.fromkeys(RATES, pa.float64())
    names = ("rank", *columns_of(ranking))
    return pa.schema([(name, types.get(name, pa.string())) for name in names])


def _items(store: Store, ranking: Ranking, page: Page) -> Iterator[list[Item]]:
    for first in range(0, len(page.chart), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        measures = {name: column[rows] for name, column in page.chart.measures.items()}
        some = Page(Chart(page.chart.key[rows], measures), page.total)
        yield items_of(store, ranking, some, offset=first)
