"""`/api/recent`: the newest listens."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.access import own_listens
from api.answering import answer_items, service
from api.live.newest import check_told, fitting, newest_listens, older
from api.merging.snapshot import Snapshot
from api.questions.listen_queries import RecentQuery, cursor_of
from api.questions.queries import parse
from api.shapes.forms import Table
from api.shapes.items import Listen
from api.shapes.listen_items import items_of

blueprint = Blueprint("recent", __name__)


@blueprint.get("/api/recent")
def recent() -> Response:
    """The listens that ended last, whatever their kind."""
    query = own_listens(parse(RecentQuery))

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        kept = newest_listens(service().store, service().charts.cache, snapshot)
        if query.head_seq is not None:
            check_told(service().store, query.head_seq)  # last, as some may have gone meanwhile
        found = fitting(kept, query.wanted)
        rest = older(found, query.after)
        page = items_of(rest[: query.limit])
        is_end = rest.num_rows <= query.limit
        return {
            "items": page,
            "next": None if is_end else cursor_of(page[-1]["ended_at"], page[-1]["event_id"]),
            "total": found.num_rows,
            "kept": kept.num_rows,
        }

    return answer_items(query, Table("recent", Listen), compute, head_seq=query.head_seq)
