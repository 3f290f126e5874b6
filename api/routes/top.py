"""`/api/top-songs`, `/api/top-artists` and so on: one chart of every view that is ranked."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api import listeners
from api.answering import answer, service
from api.merge import Order
from api.narrowing import checked
from api.queries import Order as Ordered
from api.queries import TopQuery, parse
from api.rankings import RANKINGS, Ranking, items_of
from api.snapshot import Snapshot

blueprint = Blueprint("top", __name__)


def order_of(query: Ordered) -> Order:
    """What ranks, as the merge takes it."""
    return Order(query.by, ascending=query.order == "asc", least=query.min_count)


def _top(ranking: Ranking) -> Response:
    query = parse(TopQuery)
    slice_ = checked(ranking.view, query.slice_)
    if query.by == listeners.BY:
        return _by_listeners(ranking, query)

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        store, charts = service().store, service().charts
        page = charts.page(
            store,
            snapshot,
            ranking.view,
            slice_,
            query.span,
            order=order_of(query),
            offset=query.offset,
            limit=query.limit,
        )
        return {"items": items_of(store, ranking, page, offset=query.offset), "total": page.total}

    return answer(query, compute)


def _by_listeners(ranking: Ranking, query: TopQuery) -> Response:
    listeners.checked_by_listeners(ranking.view, query.slice_)

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        store = service().store
        page, counts = listeners.page_by_listeners(
            service().charts,
            store,
            snapshot,
            ranking.view,
            query.span,
            order=order_of(query),
            offset=query.offset,
            limit=query.limit,
        )
        items = items_of(store, ranking, page, offset=query.offset)
        counted = zip(items, counts, strict=True)
        return {
            "items": [{**item, "listeners": count} for item, count in counted],
            "total": page.total,
        }

    return answer(query, compute)


for _ranking in RANKINGS.values():
    blueprint.add_url_rule(
        f"/api/top-{_ranking.view}", _ranking.view, _top, defaults={"ranking": _ranking}
    )
