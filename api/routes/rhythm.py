"""`/api/rhythm`: when in the week and the day music is heard."""

from __future__ import annotations

from typing import Any

import numpy as np
from flask import Blueprint, Response

from api.analyses.hours import in_daypart, sums, week_hours
from api.analyses.rankings import measures_shown, sums_shown
from api.answering import answer_of_days, service
from api.merging.snapshot import Snapshot
from api.questions.narrowing import checked_by_hour
from api.questions.queries import parse
from api.questions.selections import Selection
from listens.rules import DAYPARTS, MEASURES
from listens.windows import HOURS_A_DAY, Span

blueprint = Blueprint("rhythm", __name__)


@blueprint.get("/api/rhythm")
def rhythm() -> Response:
    """Sums by hour of the week, from Monday on, by part of the day, and of day and night."""
    query = parse(Selection)
    checked_by_hour(query.slice_)

    def compute(snapshot: Snapshot, span: Span) -> dict[str, Any]:
        hours = service().charts.hours(service().store, snapshot, query.slice_, span)
        music = hours.where(hours.key == b"music")
        parts = {name: sums(music.where(in_daypart(music, name))) for name in DAYPARTS}
        is_night = in_daypart(music, "night")
        return {
            "hours": _hours(week_hours(music)),
            "dayparts": {name: measures_shown(each) for name, each in parts.items()},
            "night": measures_shown(sums(music.where(is_night))),
            "day": measures_shown(sums(music.where(~is_night))),
        }

    return answer_of_days(query, compute)


def _hours(columns: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]]) -> list[dict[str, int]]:
    rows = zip(*(columns[name].tolist() for name in MEASURES), strict=True)
    return [
        {
            "weekday": place // HOURS_A_DAY + 1,
            "hour": place % HOURS_A_DAY,
            **sums_shown(dict(zip(MEASURES, row, strict=True))),
        }
        for place, row in enumerate(rows)
    ]
