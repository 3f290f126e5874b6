"""`/api/drop-off`: where tracks are left."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.analyses.drop_off import VIEWS_OF, DropOffQuery, checked_counted, histogram
from api.analyses.rankings import rate_of
from api.answering import answer_of_days, service
from api.merging.snapshot import Snapshot
from api.questions.queries import parse
from listens.rules import MEASURES
from listens.windows import Span

blueprint = Blueprint("drop_off", __name__)


@blueprint.get("/api/drop-off")
def drop_off() -> Response:
    """Of all music, or of one song, artist or album."""
    query = parse(DropOffQuery)
    slice_ = query.slice_

    def compute(snapshot: Snapshot, span: Span) -> dict[str, Any]:
        checked_counted(snapshot, slice_)
        charts, view = service().charts, VIEWS_OF[slice_.by]
        chart = charts.whole(service().store, snapshot, view, slice_, span)
        sums = {name: int(chart.measures[name].sum()) for name in MEASURES}
        return {
            "drop_off": histogram(chart),
            "streams": sums["streams"],
            "average_heard": rate_of("average_heard", sums),
        }

    return answer_of_days(query, compute)
