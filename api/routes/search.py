"""`/api/search`: songs, artists, albums, genres and listeners by name."""

from __future__ import annotations

from flask import Blueprint, Response

from api.answering import answer, service
from api.pages import Body, Source
from api.queries import parse
from api.search import search
from api.search_queries import ENTITIES, SearchQuery
from api.snapshot import Snapshot
from listens.windows import ALL

blueprint = Blueprint("search", __name__)


@blueprint.get("/api/search")
def found() -> Response:
    """What fits every word, the most played of all time first."""
    query = parse(SearchQuery)
    entities = ENTITIES if query.entity is None else (query.entity,)

    def compute(snapshot: Snapshot) -> Body:
        source = Source(service().charts, service().store, snapshot, ALL)
        return search(source, query.q, entities=entities, limit=query.limit)

    return answer(query, compute)
