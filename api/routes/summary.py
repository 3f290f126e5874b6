"""`/api/summary`: the totals of a selection."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.answering import answer, service
from api.hours import day_range, sums, sums_by_kind
from api.queries import Selection, parse
from api.snapshot import Snapshot

blueprint = Blueprint("summary", __name__)

COUNTED = ("songs", "artists", "albums")
"""Views whose distinct keys are counted."""


@blueprint.get("/api/summary")
def summary() -> Response:
    """Sums over all music, how many songs, artists and albums, and the sums of each kind."""
    query = parse(Selection)

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        store, charts = service().store, service().charts
        hours = charts.hours(store, snapshot, query.slice_, query.span)
        music = hours.where(hours.key == b"music")
        first_day, last_day = day_range(hours) or (None, None)
        counts = {
            view: charts.count(store, snapshot, view, query.slice_, query.span) for view in COUNTED
        }
        return {
            **sums(music),
            **counts,
            "kinds": sums_by_kind(hours),
            "first_day": first_day,
            "last_day": last_day,
        }

    return answer(query, compute)
