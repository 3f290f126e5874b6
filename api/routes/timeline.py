"""`/api/timeline`: sums of music by hour, day, week, month or year."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.answering import answer, service
from api.hours import PeriodGrain, period_count, period_name, period_sums
from api.narrowing import checked, without_daypart
from api.problems import BadParameterError
from api.queries import TimelineQuery, parse
from api.snapshot import Snapshot
from listens.packing import Cells
from listens.rules import SHOWN

blueprint = Blueprint("timeline", __name__)

MAX_PERIODS = 10_000
"""More than a year of hours, 27 years of days; about 1 MB of JSON."""


@blueprint.get("/api/timeline")
def timeline() -> Response:
    """One item a period from the first to the last with data, silent ones included."""
    query = parse(TimelineQuery)
    checked("totals", without_daypart(query.slice_)[0])

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        hours = service().charts.hours(service().store, snapshot, query.slice_, query.span)
        music = hours.where(hours.key == b"music")
        n = period_count(music, query.grain)
        if n > MAX_PERIODS:
            raise BadParameterError(
                "grain",
                f"grain={query.grain} makes {n} periods, and an answer holds {MAX_PERIODS}; "
                "ask for a longer grain, or a shorter window",
            )
        return {"items": _items(music, query.grain) if n else [], "total": n}

    return answer(query, compute)


def _items(music: Cells, grain: PeriodGrain) -> list[dict[str, Any]]:
    first, columns = period_sums(music, grain)
    rows = zip(*(columns[name].tolist() for name in SHOWN), strict=True)
    return [
        {"period": period_name(first + place, grain), **dict(zip(SHOWN, row, strict=True))}
        for place, row in enumerate(rows)
    ]
