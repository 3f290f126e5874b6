"""`/api/status`: what the layers say of themselves, as MongoDB holds it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pymongo
from flask import Blueprint, Response

from api.answering import SNAPSHOT_SECONDS, answer_now, service
from api.merging import reading
from api.merging.snapshot import Snapshot
from api.questions.queries import NoQuery, parse
from listens.rules import RULES_VERSION
from listens.store import (
    ARCHIVE_COVERAGE,
    BATCH_POINTER,
    BATCH_VERSIONS,
    CURRENT,
    HEARTBEATS,
    SPEED_COMMITS,
    Document,
    Store,
)

blueprint = Blueprint("status", __name__)

NEWEST = 10
"""How many versions and commits are shown."""


@blueprint.get("/api/status")
def status() -> Response:
    """The batch versions, the newest commits, the archive's coverage, and the streaming's pulse."""
    parse(NoQuery)
    store = service().store
    with pymongo.timeout(SNAPSHOT_SECONDS):
        snapshot = reading.snapshot(store) or Snapshot()
        body = {
            "as_of": snapshot.as_of(),
            "pointer": _without_id(store[BATCH_POINTER].find_one({"_id": CURRENT})),
            "versions": _newest(store, BATCH_VERSIONS, "version", {"windows": 0}),
            "commits": _newest(store, SPEED_COMMITS, "seq", {}),
            "archive": _without_id(store[ARCHIVE_COVERAGE].find_one({"_id": "archive"})),
            "streaming": _heartbeat(store),
            "rules_version": RULES_VERSION,
            "time_zone": service().settings.time_zone,
        }
    return answer_now(body)


def _newest(
    store: Store, collection: str, name: str, projection: dict[str, int]
) -> list[dict[str, Any]]:
    documents = store[collection].find({}, projection or None).sort("_id", -1).limit(NEWEST)
    return [{name: document.pop("_id"), **document} for document in documents]


def _without_id(document: Document | None) -> Document | None:
    if document is not None:
        document.pop("_id")
    return document


def _heartbeat(store: Store) -> dict[str, Any] | None:
    document = _without_id(store[HEARTBEATS].find_one({"_id": "streaming"}))
    if document is None:
        return None
    age = datetime.now(UTC) - document["at"]
    return {**document, "age_seconds": round(age.total_seconds(), 1)}
