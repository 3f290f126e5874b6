"""From a question and a snapshot to a response: the ETag first, the work only when it's new."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

import orjson
import pymongo
from flask import Response, current_app, request

from api import reading
from api.access import principal, visible
from api.charts import Charts, at_one_moment
from api.feed import Feed
from api.metrics import Metrics
from api.queries import Query
from api.snapshot import Snapshot
from api.submitting.allowance import Allowance
from api.submitting.delivery import Delivery
from api.submitting.playing import Playing
from listens.settings import Settings
from listens.store import Store

EXTENSION = "playcount"
SNAPSHOT_SECONDS = 3
"""How long a small read is tried before the answer is 503."""

READ_SECONDS = 30
"""How long a chart may be read: enough for the first look at one of millions."""

Body = dict[str, Any]


@dataclass(frozen=True)
class Service:
    """What the routes of one app share."""

    settings: Settings
    store: Store
    charts: Charts
    metrics: Metrics
    feed: Feed
    delivery: Delivery
    allowance: Allowance
    playing: Playing


def service() -> Service:
    """The service of the current app."""
    return cast(Service, current_app.extensions[EXTENSION])


def answer(query: Query, compute: Callable[[Snapshot], Mapping[str, Any]]) -> Response:
    """The response to a question about one moment; `as_of` is added to what is computed.

    Raises:
        ServiceDownError: versions were replaced faster than they could be read.
    """
    question = _question(query)

    def take() -> Snapshot | None:
        # A read is tried again until its time is over: a short one first, so that a store that
        # is away doesn't hold the request for as long as a large chart may.
        with pymongo.timeout(SNAPSHOT_SECONDS):
            return reading.snapshot(service().store)

    def respond(snapshot: Snapshot) -> Response:
        etag = snapshot.etag(question)
        if request.if_none_match.contains(etag):
            return with_etag(Response(status=304), etag)
        with pymongo.timeout(READ_SECONDS), service().metrics.merging():
            body = {**visible(compute(snapshot)), "as_of": snapshot.as_of()}
        return with_etag(json_response(body), etag)

    return at_one_moment(take, respond)


def answer_now(body: Mapping[str, Any]) -> Response:
    """The response about what no snapshot dates; its ETag is that of its bytes."""
    response = json_response(body)
    etag = blake2b(response.get_data(), digest_size=16).hexdigest()
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    return with_etag(response, etag)


def json_response(body: Mapping[str, Any]) -> Response:
    """JSON; instants in UTC, ids in hex."""
    packed = orjson.dumps(body, default=_json_value, option=orjson.OPT_UTC_Z)
    return Response(packed, content_type="application/json")


def with_etag(response: Response, etag: str) -> Response:
    """The response with its validator; it may be stored, and must be asked about each time."""
    response.set_etag(etag)
    response.cache_control.no_cache = True
    return response


def _question(query: Query) -> str:
    return f"{request.path}?{query.model_dump_json()}{principal().view}"


def _json_value(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"no JSON for {type(value).__name__}")
