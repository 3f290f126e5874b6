"""`/api/top-songs`, `/api/top-artists` and `/api/top-albums`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from api.answering import answer, service
from api.merge import Page
from api.queries import TopQuery, parse
from api.reading import names_of
from api.snapshot import Snapshot
from listens.identity import HASH_BYTES
from listens.rules import MEASURES
from listens.store import Document

blueprint = Blueprint("top", __name__)


@dataclass(frozen=True)
class Ranking:
    """How a view is shown: the name of its id, and the names beside it."""

    view: str
    id_name: str
    names: tuple[str, ...]


SONGS = Ranking("songs", "song_id", ("title", "artist"))
ARTISTS = Ranking("artists", "artist_id", ("artist",))
ALBUMS = Ranking("albums", "album_id", ("album", "artist"))


@blueprint.get("/api/top-songs")
def top_songs() -> Response:
    """The songs that were heard most."""
    return _top(SONGS)


@blueprint.get("/api/top-artists")
def top_artists() -> Response:
    """The artists that were heard most."""
    return _top(ARTISTS)


@blueprint.get("/api/top-albums")
def top_albums() -> Response:
    """The albums that were heard most."""
    return _top(ALBUMS)


def _top(ranking: Ranking) -> Response:
    query = parse(TopQuery)

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        store, charts = service().store, service().charts
        page = charts.page(
            store,
            snapshot,
            ranking.view,
            query.slice_,
            query.span,
            by=query.by,
            offset=query.offset,
            limit=query.limit,
        )
        ids = _ids(page)
        names = names_of(store, ids)
        return {"items": _items(ranking, page, ids, names, query.offset), "total": page.total}

    return answer(query, compute)


def _ids(page: Page) -> list[bytes]:
    """Sixteen bytes each: an item of a numpy array would lose the NULs that an id may end with."""
    packed = page.chart.key.tobytes()
    return [packed[place : place + HASH_BYTES] for place in range(0, len(packed), HASH_BYTES)]


def _items(
    ranking: Ranking, page: Page, ids: list[bytes], names: dict[bytes, Document], offset: int
) -> list[dict[str, Any]]:
    columns = {name: page.chart.measures[name].tolist() for name in MEASURES}
    return [
        {
            "rank": offset + place + 1,
            ranking.id_name: each.hex(),
            **{name: names.get(each, {}).get(name) for name in ranking.names},
            **{name: column[place] for name, column in columns.items()},
        }
        for place, each in enumerate(ids)
    ]
