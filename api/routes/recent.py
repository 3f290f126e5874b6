"""`/api/recent`: the newest listens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response

from api.answering import answer, service
from api.queries import RecentQuery, parse
from api.snapshot import Snapshot
from listens.store import RECENT_LISTENS, Document, Store

blueprint = Blueprint("recent", __name__)

SHOWN = (
    "event_id",
    "listener_id",
    "ended_at",
    "ms_played",
    "kind",
    "song_id",
    "title",
    "artist",
    "album",
    "genre",
    "platform",
    "country",
    "mood",
    "skipped",
    "completed",
    "rating",
    "duration_ms",
)
"""The fields of a listen that are shown, in this order; null where the listen has none."""


@blueprint.get("/api/recent")
def recent() -> Response:
    """The listens that ended last, whatever their kind."""
    query = parse(RecentQuery)

    def compute(snapshot: Snapshot) -> dict[str, Any]:
        listens = newest_listens(service().store, snapshot.head_seq, query.limit)
        return {"items": [_item(listen) for listen in listens], "total": len(listens)}

    return answer(query, compute)


def newest_listens(store: Store, head_seq: int, limit: int) -> list[Document]:
    """Newest first, ties by event id, the greatest first; only of commits up to the head.

    A commit's listens are stored in this order.
    """
    commits = (
        store[RECENT_LISTENS]
        .find({"_id": {"$lte": head_seq}}, {"last_ended_at": 1, "listens": {"$slice": limit}})
        .sort("last_ended_at", -1)
    )
    newest: list[Document] = []
    for commit in commits:
        # From here on, all commits end before what is already there.
        if len(newest) == limit and commit["last_ended_at"] < newest[-1]["ended_at"]:
            break
        newest = sorted([*newest, *commit["listens"]], key=_age, reverse=True)[:limit]
    return newest


def _age(listen: Document) -> tuple[datetime, bytes]:
    return listen["ended_at"], listen["event_id"]


def _item(listen: Document) -> dict[str, Any]:
    return {name: listen.get(name) for name in SHOWN}
