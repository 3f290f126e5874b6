"""`/api/windows`: the first of a chart in windows that tumble or slide, to the minute."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.analyses.rankings import RANKINGS, items_of
from api.analyses.sliding import Windows, minute_of, moment_of, tops
from api.answering import answer_items, service
from api.merging.pieces import stored_months
from api.merging.reading import Slice
from api.merging.snapshot import Snapshot
from api.questions.queries import WindowsQuery, parse
from api.routes.top import order_of
from api.shapes.forms import Table
from api.shapes.items import ITEMS, SPECIAL
from api.web.problems import BadParameterError
from listens.windows import ALL, MINUTES_A_DAY, Span, parse_window

blueprint = Blueprint("windows", __name__)

MAX_WINDOWS = 1_500
"""A day of minutes; about 1 MB of JSON."""

VIEW_OF = {"genres": "genre_minutes", "artists": "artist_minutes", "songs": "song_minutes"}
"""What can be ranked by the minute → the view that has its cells."""


@blueprint.get("/api/windows")
def windows() -> Response:
    """Without `from` and `to` the last windows that hold something; late listens change theirs."""
    query = parse(WindowsQuery)
    ranking = RANKINGS[query.entity]

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        store, charts = service().store, service().charts
        view = VIEW_OF[query.entity]
        chosen = _given(query)
        if chosen is None:
            chosen = _ending(_newest_minute(snapshot, view), query)
        cells = charts.finest(store, snapshot, view, Slice(), chosen.days)
        items = [
            {
                "from": moment_of(start),
                "to": moment_of(start + chosen.size),
                "items": items_of(store, ranking, page, offset=0),
                "total": page.total,
            }
            for start, page in tops(cells, chosen, order=order_of(query), limit=query.limit)
        ]
        return {"items": items, "total": len(items)}

    table = Table("windows", ITEMS[ranking.view], outer=("from", "to"), left_out=SPECIAL)
    return answer_items(query, table, compute, head_seq=query.head_seq)


def _given(query: WindowsQuery) -> Windows | None:
    if query.from_ is None:
        return None
    first = minute_of(query.from_)
    end = first + 1 if query.to is None else minute_of(query.to)
    size, step = query.minutes
    chosen = Windows(-(-first // step) * step, end, size, step)
    if len(chosen) > MAX_WINDOWS:
        raise BadParameterError(
            "to", f"these are {len(chosen):,} windows, and an answer holds {MAX_WINDOWS:,}; "
            "ask for a shorter range, or a longer step",
        )  # fmt: skip
    return chosen


def _newest_minute(snapshot: Snapshot, view: str) -> int | None:
    """The last minute with a cell; no month is read that can't have it."""
    newest = None
    months = [parse_window(month.name) for month in stored_months(snapshot, ALL)]
    # The speed layer's cells come with any span, also where no month is stored.
    for span in [*sorted(months, key=lambda month: -month.first), Span(0, 0)]:
        if newest is not None and span.end * MINUTES_A_DAY <= newest:
            break
        cells = service().charts.finest(service().store, snapshot, view, Slice(), span)
        if len(cells):
            newest = max(newest or 0, int(cells.window.max()))
    return newest


def _ending(newest: int | None, query: WindowsQuery) -> Windows:
    """The `count` windows of which the last holds a minute."""
    size, step = query.minutes
    if newest is None:
        return Windows(0, 0, size, step)
    last = newest // step * step
    return Windows(max(0, last - (query.count - 1) * step), last + 1, size, step)
