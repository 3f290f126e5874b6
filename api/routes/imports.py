"""`/api/imports`: what was imported, and what became of every row."""

from __future__ import annotations

from typing import Any

import pymongo
from flask import Blueprint, Response

from api.answering import SNAPSHOT_SECONDS, answer_now, service
from api.queries import ImportsQuery, parse
from listens.store import IMPORTS, Document

blueprint = Blueprint("imports", __name__)


@blueprint.get("/api/imports")
def imports() -> Response:
    """The ledger of imports, the newest first."""
    query = parse(ImportsQuery)
    ledger = service().store[IMPORTS]
    with pymongo.timeout(SNAPSHOT_SECONDS):
        newest = ledger.find().sort([("started_at", -1), ("_id", 1)])
        documents = list(newest.skip(query.offset).limit(query.limit))
        total = ledger.count_documents({})
    return answer_now({"items": [_item(each) for each in documents], "total": total})


def _item(document: Document) -> dict[str, Any]:
    fields = {name: value for name, value in document.items() if name != "_id"}
    identity = document["_id"]
    return {"import_id": identity if isinstance(identity, bytes) else str(identity), **fields}
