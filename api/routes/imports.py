"""`/api/imports`: what was imported, and what became of every row."""

from __future__ import annotations

from typing import Any

import pymongo
from flask import Blueprint, Response

from api.answering import SNAPSHOT_SECONDS, items_now, service
from api.merging import reading
from api.merging.snapshot import Snapshot
from api.questions.queries import ImportsQuery, parse
from api.shapes.forms import Table
from api.shapes.items import Import
from listens.store import IMPORTS, Document

blueprint = Blueprint("imports", __name__)


@blueprint.get("/api/imports")
def imports() -> Response:
    """The ledger of imports, the newest first."""
    query = parse(ImportsQuery)

    def read() -> dict[str, Any]:
        store = service().store
        with pymongo.timeout(SNAPSHOT_SECONDS):
            snapshot = reading.snapshot(store) or Snapshot()
            newest = store[IMPORTS].find().sort([("started_at", -1), ("_id", 1)])
            documents = list(newest.skip(query.offset).limit(query.limit))
            total = store[IMPORTS].count_documents({})
        items = [_item(each) for each in documents]
        return {"items": items, "total": total, "as_of": snapshot.as_of()}

    return items_now(query, Table("imports", Import), read)


def _item(document: Document) -> dict[str, Any]:
    fields = {name: value for name, value in document.items() if name != "_id"}
    identity = document["_id"]
    return {"import_id": identity if isinstance(identity, bytes) else str(identity), **fields}
