"""`/api/trending`: what rises most against the period before."""

from __future__ import annotations

from typing import Any

import numpy as np
from flask import Blueprint, Response

from api.analyses.comparing import Earlier, before, check_comparable, ranks
from api.analyses.rankings import RANKINGS, keys_shown
from api.answering import answer_of_days, service
from api.merging.merge import Order
from api.merging.snapshot import Snapshot
from api.questions.narrowing import checked
from api.questions.queries import TrendingQuery, parse
from api.shapes.forms import Table
from api.shapes.items import RISES
from listens.windows import Span

blueprint = Blueprint("trending", __name__)


@blueprint.get("/api/trending")
def trending() -> Response:
    """Keys by how much more they were heard than in the period before; ties by id."""
    query = parse(TrendingQuery)
    ranking = RANKINGS[query.entity]
    slice_ = checked(ranking.view, query.slice_)
    check_comparable(query, "window")

    def compute(snapshot: Snapshot, span: Span) -> dict[str, Any]:
        store, charts = service().store, service().charts
        now, then = (
            charts.whole(store, snapshot, ranking.view, slice_, each)
            for each in (span, before(span, "window"))
        )
        order = Order(query.by)
        rank, values = ranks(now, order), now.measures[query.by]
        earlier_rank, sums = Earlier(then, ranks(then, order)).looked_up(now.key)
        earlier = sums[query.by]
        rises = np.flatnonzero(values > earlier)
        rising = rises[np.argsort(earlier[rises] - values[rises], kind="stable")]
        chosen = rising[query.offset : query.offset + query.limit]
        items = [
            {
                "rank": query.offset + number + 1,
                **key,
                "rise": int(values[row] - earlier[row]),
                "now": int(values[row]),
                "before": int(earlier[row]),
                "chart_rank": int(rank[row]),
                "chart_rank_before": int(earlier_rank[row]) or None,
            }
            for number, (key, row) in enumerate(
                zip(keys_shown(store, ranking, now.key[chosen]), chosen.tolist(), strict=True)
            )
        ]
        return {"items": items, "total": len(rises)}

    return answer_of_days(query, compute, table=Table("trending", RISES[ranking.view]))
