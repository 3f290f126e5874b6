"""`/api/summary`: the totals of a selection."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.answering import answer, service
from api.hours import day_range, sums, sums_by_kind
from api.narrowing import checked_by_hour
from api.queries import Selection, parse
from api.rankings import measures_shown, sums_shown
from api.snapshot import Snapshot
from listens.views import VIEWS

blueprint = Blueprint("summary", __name__)

COUNTED = ("songs", "artists", "albums")
"""Views whose distinct keys are counted."""


@blueprint.get("/api/summary")
def summary() -> Response:
    """Sums over all music, how many songs, artists and albums, and the sums of each kind."""
    query = parse(Selection)
    checked_by_hour(query.slice_)

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        store, charts = service().store, service().charts
        hours = charts.hours(store, snapshot, query.slice_, query.span)
        music = hours.where(hours.key == b"music")
        first_day, last_day = day_range(hours) or (None, None)
        counts = {
            view: charts.count(store, snapshot, view, query.slice_, query.span)
            if query.slice_.by in VIEWS[view].slices
            else None
            for view in COUNTED
        }
        return {
            **measures_shown(sums(music)),
            **counts,
            "kinds": {kind: sums_shown(each) for kind, each in sums_by_kind(hours).items()},
            "first_day": first_day,
            "last_day": last_day,
        }

    return answer(query, compute)
