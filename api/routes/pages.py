"""`/api/songs/<id>` and so on: all about one song, artist, album, genre or listener."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort

from api.analyses.pages import Body, Source, listener_page, when
from api.analyses.rankings import RANKINGS
from api.answering import answer_of_days, service
from api.merging.reading import Slice, names_of
from api.merging.snapshot import Snapshot
from api.questions.queries import PageQuery, parse
from listens.windows import Span

blueprint = Blueprint("pages", __name__)

_ID = re.compile(r"[0-9a-f]{32}")
_SINGULAR = {"songs": "song", "artists": "artist", "albums": "album"}


@blueprint.get("/api/<any(songs, artists, albums):view>/<key>")
def work(view: str, key: str) -> Response:
    """A song, artist or album by its id."""
    if not _ID.fullmatch(key):
        abort(404, description="an id has 32 hexadecimal digits, as charts have them")
    packed = bytes.fromhex(key)
    ranking = RANKINGS[view]

    def compute(source: Source) -> Body:
        names = names_of(source.store, [packed]).get(packed)
        if names is None:
            abort(404, description=f"nothing with this id has been heard among {view}")
        slice_ = Slice(_SINGULAR[view], key)
        return {
            ranking.key: key,
            **{name: names.get(name) for name in ranking.names},
            **source.standing(view, packed),
            **when(source.hours("audience", slice_)),
            "listeners": source.audience(slice_),
            **(source.works(packed) if view == "artists" else {}),
            "drop_off": source.drop_off(slice_),
        }

    return _page(compute)


@blueprint.get("/api/genres/<path:genre>")
def genre(genre: str) -> Response:
    """A genre by its name."""

    def compute(source: Source) -> Body:
        slice_ = Slice("genre", genre)
        return {
            "genre": genre,
            **source.standing("genres", genre.encode()),
            **when(source.music(slice_)),
            "songs": source.top("songs", slice_),
            "artists": source.top("artists", slice_),
            "listeners": source.top("listeners", slice_),
        }

    return _page(compute)


@blueprint.get("/api/listeners/<path:listener>")
def listener(listener: str) -> Response:
    """A listener by name; with `window=2025` a year in review."""
    return _page(lambda source: listener_page(source, listener))


def _page(compute: Callable[[Source], Body]) -> Response:
    query = parse(PageQuery)

    def at(snapshot: Snapshot, span: Span) -> dict[str, Any]:
        return compute(Source(service().charts, service().store, snapshot, span))

    return answer_of_days(query, at)
