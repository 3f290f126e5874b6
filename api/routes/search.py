"""`/api/search`: songs, artists, albums, genres and listeners by name."""

from __future__ import annotations

from flask import Blueprint, Response

from api.access import principal
from api.analyses.pages import Body, Source
from api.analyses.search import search
from api.answering import answer, service
from api.merging.snapshot import Snapshot
from api.questions.queries import parse
from api.questions.search_queries import ENTITIES, SearchQuery
from listens.windows import ALL

blueprint = Blueprint("search", __name__)


@blueprint.get("/api/search")
def found() -> Response:
    """What fits every word, the most played of all time first."""
    query = parse(SearchQuery)
    asked = ENTITIES if query.entity is None else (query.entity,)
    # A name that is found is told, even if it isn't shown.
    entities = [each for each in asked if each != "listeners" or principal().sees_everyone]

    def compute(snapshot: Snapshot) -> Body:
        source = Source(service().charts, service().store, snapshot, ALL)
        return search(source, query.q, entities=entities, limit=query.limit)

    return answer(query, compute)
