"""`/api/summary`: the totals of a selection."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.analyses.comparing import before, check_comparable
from api.analyses.hours import day_range, sums, sums_by_kind
from api.analyses.rankings import measures_shown, sums_shown
from api.answering import answer_of_days, service
from api.merging.reading import Slice
from api.merging.snapshot import Snapshot
from api.questions.narrowing import checked_by_hour
from api.questions.periods import period_shown
from api.questions.queries import SummaryQuery, parse
from listens.views import VIEWS
from listens.windows import Span

blueprint = Blueprint("summary", __name__)

COUNTED = ("songs", "artists", "albums")
"""Views whose distinct keys are counted."""


@blueprint.get("/api/summary")
def summary() -> Response:
    """Sums over all music, how many songs, artists and albums, and the sums of each kind."""
    query = parse(SummaryQuery)
    checked_by_hour(query.slice_)

    if query.compare:
        check_comparable(query, "compare")

    def compute(snapshot: Snapshot, span: Span) -> dict[str, Any]:
        compared = {}
        if query.compare:
            earlier = before(span, "compare")
            period = {"period": period_shown(earlier)}
            compared["before"] = _totals(snapshot, query.slice_, earlier) | period
        return _totals(snapshot, query.slice_, span) | compared

    return answer_of_days(query, compute)


def _totals(snapshot: Snapshot, slice_: Slice, span: Span) -> dict[str, Any]:
    store, charts = service().store, service().charts
    hours = charts.hours(store, snapshot, slice_, span)
    first_day, last_day = day_range(hours) or (None, None)
    counts = {
        view: charts.count(store, snapshot, view, slice_, span)
        if slice_.by in VIEWS[view].slices
        else None
        for view in COUNTED
    }
    return {
        **measures_shown(sums(hours.where(hours.key == b"music"))),
        **counts,
        "kinds": {kind: sums_shown(each) for kind, each in sums_by_kind(hours).items()},
        "first_day": first_day,
        "last_day": last_day,
    }
