"""`/api/tops`: the first of a chart for each value of a slice, in one answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.analyses.rankings import RANKINGS, items_of
from api.answering import answer_of_days, service
from api.merging.reading import Slice
from api.merging.snapshot import Snapshot
from api.questions.narrowing import checked
from api.questions.queries import TopsQuery, parse
from api.routes.top import order_of
from api.shapes.forms import Table
from api.shapes.items import ITEMS, SPECIAL
from listens.windows import Span

blueprint = Blueprint("tops", __name__)


@blueprint.get("/api/tops")
def tops() -> Response:
    """Values in their order; those in whose charts the window has nothing are left out."""
    query = parse(TopsQuery)
    ranking = RANKINGS[query.entity]
    checked(ranking.view, Slice(query.per, "any"))

    def of_value(snapshot: Snapshot, span: Span, value: str) -> dict[str, Any]:
        page = service().charts.page(
            service().store,
            snapshot,
            ranking.view,
            Slice(query.per, value),
            span,
            order=order_of(query),
            offset=0,
            limit=query.limit,
        )
        items = items_of(service().store, ranking, page, offset=0)
        return {"value": value, "items": items, "total": page.total}

    def compute(snapshot: Snapshot, span: Span) -> dict[str, Any]:
        values = service().charts.slice_values(service().store, snapshot, query.per)
        found = [of_value(snapshot, span, value) for value in values[: query.values]]
        return {"items": [each for each in found if each["items"]], "total": len(values)}

    table = Table("tops", ITEMS[ranking.view], outer=("value",), left_out=SPECIAL)
    return answer_of_days(query, compute, table=table)
