"""`/api/slices`: by what the charts can be narrowed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.access import visible_listeners
from api.answering import answer, service
from api.merging.snapshot import Snapshot
from api.questions.narrowing import SELECTED
from api.questions.queries import SlicesQuery, parse

blueprint = Blueprint("slices", __name__)


@blueprint.get("/api/slices")
def slices() -> Response:
    """The values of each slice that any listen has, sorted; `total` counts them all."""
    query = parse(SlicesQuery)

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        store, charts = service().store, service().charts
        known = {by: charts.slice_values(store, snapshot, by) for by in SELECTED}
        known["listener"] = visible_listeners(known["listener"])
        return {
            by: {"items": values[: query.limit], "total": len(values)}
            for by, values in known.items()
        }

    return answer(query, compute)
