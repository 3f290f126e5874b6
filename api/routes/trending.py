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
from listens.packing import Chart, Ints
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
        earlier = _values(then, now, query.by)
        rises = np.flatnonzero(values > earlier)
        order = rises[np.argsort(earlier[rises] - values[rises], kind="stable")]
        chosen = order[query.offset : query.offset + query.limit]
        ranks, ranks_then = _ranks(values), _ranks(then.measures[query.by])
        place, known = found(then.key, now.key[chosen])
        items = [
            {
                "rank": query.offset + number + 1,
                **key,
                "rise": int(values[row] - earlier[row]),
                "now": int(values[row]),
                "before": int(earlier[row]),
                "chart_rank": int(ranks[row]),
                "chart_rank_before": int(ranks_then[at]) if is_known else None,
            }
            for number, (key, row, at, is_known) in enumerate(
                zip(
                    keys_shown(store, ranking, now.key[chosen]),
                    chosen.tolist(),
                    place.tolist(),
                    known.tolist(),
                    strict=True,
                )
            )
        ]
        return {"items": items, "total": len(rises)}

    return answer(query, compute)


def _values(then: Chart, now: Chart, by: str) -> Ints:
    """A measure of the period before, of the keys of now."""
    place, known = found(then.key, now.key)
    values = np.zeros(len(now), np.int64)
    values[known] = then.measures[by][place[known]]
    return values


def _ranks(values: Ints) -> Ints:
    """The rank of each row; keys are ascending, so a stable sort settles the ties."""
    ranks = np.empty(len(values), np.int64)
    ranks[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    return ranks
