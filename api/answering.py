"""From a question and a snapshot to a response: the ETag first, the work only when it's new."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast
from urllib.parse import urlencode

import pymongo
from flask import Response, after_this_request, current_app, request

from api.access import principal, visible
from api.live.feed import Feed
from api.merging import reading
from api.merging.charts import Charts, at_one_moment
from api.merging.snapshot import Snapshot
from api.monitoring.metrics import Metrics
from api.questions.periods import Clock, newest_day, period_shown, present, span_of, today
from api.questions.selections import ItemsQuery, Query, WindowQuery
from api.shapes.forms import Form, Table, form_asked, json_response, response_of
from api.submitting.allowance import Allowance
from api.submitting.delivery import Delivery
from api.submitting.playing import Playing
from api.uploading.uploads import Uploads
from listens.settings import Settings
from listens.store import Store
from listens.windows import Span

EXTENSION = "playcount"
SNAPSHOT_SECONDS = 3
"""How long a small read is tried before the answer is 503."""

READ_SECONDS = 30
"""How long a chart may be read: enough for the first look at one of millions."""

Body = Mapping[str, Any]
Render = Callable[[Body], Response]


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
    uploads: Uploads
    clock: Clock = present


def service() -> Service:
    """The service of the current app."""
    return cast(Service, current_app.extensions[EXTENSION])


def answer(query: Query, compute: Callable[[Snapshot], Body]) -> Response:
    """The response to a question about one moment; `as_of` is added to what is computed.

    Raises:
        ServiceDownError: versions were replaced faster than they could be read.
    """
    return _answer(_question(query), compute, json_response)


def answer_items(
    query: ItemsQuery,
    table: Table,
    compute: Callable[[Snapshot], Body],
    *,
    head_seq: int | None = None,
) -> Response:
    """As `answer`, of items: with the names and in the form that are asked for.

    Args:
        query: what is asked.
        table: the items' names.
        compute: the answer at a moment.
        head_seq: the commit after which that is; None: the present one.

    Raises:
        BadParameterError: an item doesn't have a name, or there's no such commit yet.
        GoneError: the moment that is asked for can't be told any more.
        ServiceDownError: versions were replaced faster than they could be read.
    """
    form, render = _rendering(query, table)
    return _answer(_question(query, form), compute, render, head_seq=head_seq)


def answer_of_days(
    query: WindowQuery,
    compute: Callable[[Snapshot, Span], Body],
    *,
    table: Table | None = None,
    limit: int | None = None,
) -> Response:
    """As `answer`, about some days, which are told as `period`; `table` where it has items.

    A `limit` is a setting that the answer hangs on: with another one, it has another ETag.

    Raises:
        BadParameterError: an item doesn't have a name, or there's no such commit yet.
        GoneError: the moment that is asked for can't be told any more.
        ServiceDownError: versions were replaced faster than they could be read.
    """
    store, charts, settings = service().store, service().charts, service().settings
    form, render = _rendering(query, table) if table else ("json", json_response)
    present_day = today(service().clock, settings.time_zone)

    def at(snapshot: Snapshot) -> Body:
        span = span_of(query, present_day, lambda: newest_day(charts, store, snapshot))
        return {**compute(snapshot, span), "period": period_shown(span)}

    day = present_day if query.reference == "now" else None
    question = _question(query, form, day)
    if limit is not None:
        question += f" {limit}"
    return _answer(question, at, render, head_seq=query.head_seq)


def answer_now(body: Body, render: Render = json_response) -> Response:
    """The response about what no snapshot dates; its ETag is that of its bytes."""
    response = render(body)
    etag = blake2b(response.get_data(), digest_size=16).hexdigest()
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    return with_etag(response, etag)


def items_now(query: ItemsQuery, table: Table, read: Callable[[], Body]) -> Response:
    """As `answer_now`, of items: with the names and in the form that are asked for.

    Raises:
        BadParameterError: an item doesn't have a name.
    """
    _, render = _rendering(query, table)
    return answer_now(read(), render)


def with_etag(response: Response, etag: str) -> Response:
    """The response with its validator; it may be stored, and must be asked about each time."""
    response.set_etag(etag)
    response.cache_control.no_cache = True
    response.cache_control.private = True
    return response


def _answer(
    question: str,
    compute: Callable[[Snapshot], Body],
    render: Render,
    *,
    head_seq: int | None = None,
) -> Response:
    def take() -> Snapshot | None:
        # A read is tried again until its time is over: a short one first, so that a store that
        # is away doesn't hold the request for as long as a large chart may.
        with pymongo.timeout(SNAPSHOT_SECONDS):
            return reading.snapshot(service().store, head_seq=head_seq)

    def respond(snapshot: Snapshot) -> Response:
        etag = snapshot.etag(question)
        if request.if_none_match.contains(etag):
            return with_etag(Response(status=304), etag)
        with pymongo.timeout(READ_SECONDS), service().metrics.merging():
            body = {**visible(compute(snapshot)), "as_of": snapshot.as_of()}
        return with_etag(render(body), etag)

    return at_one_moment(take, respond)


def _rendering(query: Query, table: Table) -> tuple[Form, Render]:
    """The form that is asked for, and what puts a body into it; names are checked at once."""
    asked = cast(ItemsQuery, query)
    form, names = form_asked(asked.format), table.chosen(asked.fields)
    after_this_request(_varied_by_accept)

    def render(body: Body) -> Response:
        response = response_of(body, table, form, names)
        if following := body.get("next"):
            response.headers["Link"] = f'<{_following(following)}>; rel="next"'
        return response

    return form, render


def _varied_by_accept(response: Response) -> Response:
    response.vary.add("Accept")
    return response


def _following(cursor: str) -> str:
    """The address of what comes after."""
    parameters = [each for each in request.args.items(multi=True) if each[0] != "next"]
    return f"{request.path}?{urlencode([*parameters, ('next', cursor)])}"


def _question(query: Query, form: Form = "json", day: int | None = None) -> str:
    return f"{request.path}?{query.model_dump_json()} {form} {day}{principal().view}"
