"""`/api/top-songs`, `/api/top-artists` and so on: one chart of every view that is ranked."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.analyses import listeners
from api.analyses.comparing import Earlier, before, check_comparable, ranks
from api.analyses.rankings import RANKINGS, Ranking, items_of
from api.answering import answer_of_days, service
from api.merging.merge import Order
from api.merging.reading import Slice
from api.merging.snapshot import Snapshot
from api.questions.narrowing import checked
from api.questions.queries import TopQuery, parse
from api.questions.selections import Order as Ordered
from api.shapes.forms import Table
from api.shapes.items import COMPARED, ITEMS, OF_LISTENERS, SPECIAL
from api.web.problems import BadParameterError
from listens.windows import Span

blueprint = Blueprint("top", __name__)


def order_of(query: Ordered) -> Order:
    """What ranks, as the merge takes it."""
    return Order(query.by, ascending=query.order == "asc", least=query.min_count)


def _top(ranking: Ranking) -> Response:
    query = parse(TopQuery)
    slice_ = checked(ranking.view, query.slice_)
    if query.by == listeners.BY:
        return _by_listeners(ranking, query)

    if query.compare:
        check_comparable(query, "compare")

    def compute(snapshot: Snapshot, span: Span) -> dict[str, Any]:
        store, charts = service().store, service().charts
        page = charts.page(
            store,
            snapshot,
            ranking.view,
            slice_,
            span,
            order=order_of(query),
            offset=query.offset,
            limit=query.limit,
        )
        items = items_of(store, ranking, page, offset=query.offset)
        if query.compare:
            earlier = _earlier(snapshot, ranking.view, slice_, before(span, "compare"), query)
            compared = earlier.compared(page.chart.key, offset=query.offset)
            items = [item | more for item, more in zip(items, compared, strict=True)]
        return {"items": items, "total": page.total}

    left_out = OF_LISTENERS if query.compare else SPECIAL
    return answer_of_days(query, compute, table=_table(ranking, left_out))


def _table(ranking: Ranking, left_out: frozenset[str]) -> Table:
    return Table(f"top-{ranking.view}", ITEMS[ranking.view], left_out=left_out)


def _earlier(snapshot: Snapshot, view: str, slice_: Slice, span: Span, query: TopQuery) -> Earlier:
    chart = service().charts.whole(service().store, snapshot, view, slice_, span)
    return Earlier(chart, ranks(chart, order_of(query)))


def _by_listeners(ranking: Ranking, query: TopQuery) -> Response:
    listeners.checked_by_listeners(ranking.view, query.slice_)
    if query.compare:
        raise BadParameterError("compare", "by=listeners isn't compared with the period before")
    most = service().settings.api_listener_pairs

    def compute(snapshot: Snapshot, span: Span) -> dict[str, Any]:
        store = service().store
        counted = listeners.page_by_listeners(
            service().charts,
            store,
            snapshot,
            ranking.view,
            span,
            order=order_of(query),
            offset=query.offset,
            limit=query.limit,
            most=most,
        )
        numbers = [
            {"listeners": number, "listeners_error": error}
            for number, error in zip(counted.listeners, counted.errors, strict=True)
        ]
        return {
            "items": items_of(store, ranking, counted.page, offset=query.offset, beside=numbers),
            "total": counted.page.total,
            "listeners_are": counted.are,
        }

    return answer_of_days(query, compute, table=_table(ranking, COMPARED), limit=most)


for _ranking in RANKINGS.values():
    blueprint.add_url_rule(
        f"/api/top-{_ranking.view}", _ranking.view, _top, defaults={"ranking": _ranking}
    )
