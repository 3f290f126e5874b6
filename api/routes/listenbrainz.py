"""`/1/`: the ListenBrainz protocol, so that players can send what they play."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import TooManyRequests

from api.analyses.hours import sums
from api.answering import answer, service
from api.live.newest import fitting, newest_listens
from api.merging.reading import Slice
from api.merging.snapshot import Snapshot
from api.questions.queries import NoQuery, parse
from api.shapes.forms import json_response
from api.shapes.listenbrainz_items import listens_between
from api.submitting.bodies import json_body
from api.submitting.protocol import MOST_BYTES, PREFIX, SubmissionError, submission_of
from api.submitting.queries import TokenQuery, UserListensQuery
from api.submitting.taking import taken
from api.submitting.who import holder
from listens.rows import listenbrainz
from listens.windows import ALL

blueprint = Blueprint("listenbrainz", __name__, url_prefix=PREFIX.rstrip("/"))

SOURCE = "listenbrainz"


@blueprint.before_request
def _count() -> None:
    client = f"{request.remote_addr} {request.headers.get('Authorization', '')}"
    g.left = service().allowance.take(client)
    if g.left.requests < 0:
        raise TooManyRequests("Too many requests.", retry_after=g.left.seconds)


@blueprint.after_request
def _tell_what_is_left(response: Response) -> Response:
    if "left" in g:
        response.headers.update(g.left.headers())
    return response


@blueprint.post("/submit-listens")
def submit() -> Response:
    """Take listens, all of them or none."""
    parse(NoQuery)
    listener = _listener()
    request.max_content_length = MOST_BYTES
    submission = submission_of(json_body(), size=len(request.get_data()))
    rows = [listenbrainz.row(listen) for listen in submission.listens]
    if submission.is_playing_now:
        track = submission.listens[0]["track_metadata"]
        service().playing.begins(listener, track, rows[0]["duration_ms"])
        return _done()
    found = taken(rows, listener_id=listener, source=SOURCE)
    for rejection in found.rejections:
        raise SubmissionError(f"payload[{rejection.row - 1}] can't be counted: {rejection.reason}.")
    service().delivery.deliver(found.listens)
    service().metrics.submitted(found)
    return _done()


@blueprint.get("/validate-token")
def validate_token() -> Response:
    """Whose token it is."""
    token = parse(TokenQuery).token or _token()
    if not token:
        raise SubmissionError("You need to provide an Authorization token.")
    name = holder(token)
    if name is None:
        return json_response({"code": 200, "message": "Token invalid.", "valid": False})
    return json_response({"code": 200, "message": "Token valid.", "valid": True, "user_name": name})


@blueprint.get("/user/<path:listener>/listens")
def listens(listener: str) -> Response:
    """A listener's newest listens, as far back as they're kept."""
    query = parse(UserListensQuery)

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        kept = newest_listens(service().store, service().charts.cache, snapshot)
        theirs = fitting(kept, {"listener": (listener,)})
        return {"payload": {"user_id": listener, **listens_between(theirs, query)}}

    return answer(query, compute)


@blueprint.get("/user/<path:listener>/listen-count")
def listen_count(listener: str) -> Response:
    """How many listens of more than 0 ms a listener has, of every kind."""
    query = parse(NoQuery)

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        hours = service().charts.hours(service().store, snapshot, Slice("listener", listener), ALL)
        return {"payload": {"count": sums(hours)["streams"]}}

    return answer(query, compute)


@blueprint.get("/user/<path:listener>/playing-now")
def playing_now(listener: str) -> Response:
    """What a listener's player has told last, while it can still be playing."""
    parse(NoQuery)
    track = service().playing.of(listener)
    heard = [] if track is None else [{"playing_now": True, "track_metadata": track}]
    return json_response(
        {
            "payload": {
                "count": len(heard),
                "listens": heard,
                "playing_now": True,
                "user_id": listener,
            }
        }
    )


def _listener() -> str:
    token = _token()
    if not token:
        raise SubmissionError("You need to provide an Authorization header.", 401)
    name = holder(token)
    if name is None:
        raise SubmissionError("Invalid authorization token.", 401)
    return name


def _token() -> str:
    """What stands after `Token`; headers come as Latin-1, whatever the client wrote."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() not in ("token", "bearer"):
        return ""
    try:
        return token.strip().encode("latin-1").decode()
    except UnicodeError:
        return token.strip()


def _done() -> Response:
    return json_response({"status": "ok"})
