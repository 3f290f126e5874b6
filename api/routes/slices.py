"""`/api/slices`: by what the charts can be narrowed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.answering import answer, service
from api.queries import SlicesQuery, parse
from api.snapshot import Snapshot
from listens.views import SLICES

blueprint = Blueprint("slices", __name__)


@blueprint.get("/api/slices")
def slices() -> Response:
    """The values of each slice that any listen has, sorted; `total` counts them all."""
    query = parse(SlicesQuery)

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        known = {by: service().charts.slice_values(service().store, snapshot, by) for by in SLICES}
        return {
            by: {"items": values[: query.limit], "total": len(values)}
            for by, values in known.items()
        }

    return answer(query, compute)
