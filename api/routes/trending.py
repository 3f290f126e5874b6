"""`/api/trending`: what rises most against the period before."""

from __future__ import annotations

from typing import Any

import numpy as np
from flask import Blueprint, Response

from api.answering import answer, service
from api.merge import found
from api.narrowing import checked
from api.problems import BadParameterError
from api.queries import TrendingQuery, parse
from api.rankings import RANKINGS, keys_shown
from api.snapshot import Snapshot
from listens.packing import Ints
from listens.windows import span_before

blueprint = Blueprint("trending", __name__)


@blueprint.get("/api/trending")
def trending() -> Response:
    """Keys by how much more they were heard than in the period before; ties by id."""
    query = parse(TrendingQuery)
    ranking = RANKINGS[query.entity]
    slice_ = checked(ranking.view, query.slice_)
    before = span_before(query.span)
    if before is None:
        raise BadParameterError("window", "trending needs a window with a beginning and an end")

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        store, charts = service().store, service().charts
        now, then = (
            charts.whole(store, snapshot, ranking.view, slice_, span)
            for span in (query.span, before)
        )
        values = now.measures[query.by]
        place, known = found(then.key, now.key)
        earlier = np.zeros(len(now), np.int64)
        earlier[known] = then.measures[query.by][place[known]]
        rises = np.flatnonzero(values > earlier)
        order = rises[np.argsort(earlier[rises] - values[rises], kind="stable")]
        chosen = order[query.offset : query.offset + query.limit]
        ranks, ranks_then = _ranks(values), _ranks(then.measures[query.by])
        items = [
            {
                "rank": query.offset + number + 1,
                **key,
                "rise": int(values[row] - earlier[row]),
                "now": int(values[row]),
                "before": int(earlier[row]),
                "chart_rank": int(ranks[row]),
                "chart_rank_before": int(ranks_then[place[row]]) if known[row] else None,
            }
            for number, (key, row) in enumerate(
                zip(keys_shown(store, ranking, now.key[chosen]), chosen.tolist(), strict=True)
            )
        ]
        return {"items": items, "total": len(rises)}

    return answer(query, compute)


def _ranks(values: Ints) -> Ints:
    """The rank of each row; keys are ascending, so a stable sort settles the ties."""
    ranks = np.empty(len(values), np.int64)
    ranks[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    return ranks
