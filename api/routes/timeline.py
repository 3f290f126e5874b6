"""`/api/timeline`: sums of music by hour, day, week, month or year."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.analyses.hours import period_count, periods_shown
from api.answering import answer_of_days, service
from api.merging.snapshot import Snapshot
from api.questions.narrowing import checked_by_hour
from api.questions.queries import TimelineQuery, parse
from api.shapes.forms import Table
from api.shapes.items import Period
from api.web.problems import BadParameterError
from listens.windows import Span

blueprint = Blueprint("timeline", __name__)

MAX_PERIODS = 10_000
"""More than a year of hours, 27 years of days; about 1 MB of JSON."""


@blueprint.get("/api/timeline")
def timeline() -> Response:
    """One item a period from the first to the last with data, silent ones included."""
    query = parse(TimelineQuery)
    checked_by_hour(query.slice_)

    def compute(snapshot: Snapshot, span: Span) -> dict[str, Any]:
        hours = service().charts.hours(service().store, snapshot, query.slice_, span)
        music = hours.where(hours.key == b"music")
        n = period_count(music, query.grain)
        if n > MAX_PERIODS:
            raise BadParameterError(
                "grain",
                f"grain={query.grain} makes {n} periods, and an answer holds {MAX_PERIODS}; "
                "ask for a longer grain, or a shorter window",
            )
        return {"items": periods_shown(music, query.grain), "total": n}

    return answer_of_days(query, compute, table=Table("timeline", Period))
