"""`/api/stream`: listens as they are counted, as server-sent events."""

from __future__ import annotations

import pymongo
from flask import Blueprint, Response, request

from api.access import own_listens, while_known
from api.answering import SNAPSHOT_SECONDS, service
from api.live.events import MEDIA_TYPE
from api.live.feed import FeedFullError
from api.live.streaming import stream
from api.questions.listen_queries import Place, StreamQuery, parse_place
from api.questions.queries import parse
from api.web.problems import BadParameterError, unavailable

blueprint = Blueprint("stream", __name__)

PATH = "/api/stream"


@blueprint.get(PATH)
def listens() -> Response:
    """Each listen as an event, in the order in which they were counted; ends with the server."""
    query = own_listens(parse(StreamQuery))
    asked = _asked(query)
    feed = service().feed
    try:
        with pymongo.timeout(SNAPSHOT_SECONDS):
            client = feed.join(request.environ.get("gunicorn.socket"))
    except FeedFullError as error:
        return unavailable(f"{error}; try again, or set PLAYCOUNT_API_STREAMS higher")
    pieces = stream(feed, client, asked or Place(feed.until), query.wanted)
    response = Response(while_known(pieces), content_type=MEDIA_TYPE)
    response.call_on_close(lambda: feed.leave(client))
    response.cache_control.no_store = True
    response.headers["X-Accel-Buffering"] = "no"  # or nginx holds events back
    return response


def _asked(query: StreamQuery) -> Place | None:
    """Where the client goes on: where it says that it is, which is later than where it began."""
    header = request.headers.get("Last-Event-ID")
    if header:
        try:
            return parse_place(header)
        except ValueError as error:
            raise BadParameterError("Last-Event-ID", f"Last-Event-ID {error}") from error
    return parse_place(query.last_event_id) if query.last_event_id else None
