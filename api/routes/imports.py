"""`/api/imports`: what was imported and what became of every row, and files to be imported."""

from __future__ import annotations

from typing import Any

import pymongo
from flask import Blueprint, Response, url_for

from api.answering import SNAPSHOT_SECONDS, items_now, service
from api.merging import reading
from api.merging.snapshot import Snapshot
from api.questions.queries import ImportsQuery, parse
from api.shapes.forms import Table, json_response
from api.shapes.items import Import
from api.submitting.who import owner
from api.uploading.folders import Order
from api.uploading.queries import UploadQuery
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
        items = [item(each) for each in documents]
        return {"items": items, "total": total, "as_of": snapshot.as_of()}

    return items_now(query, Table("imports", Import), read)


@blueprint.post("/api/imports")
def upload() -> Response:
    """Take files; once this is answered, they are imported, whatever happens to this process."""
    query = parse(UploadQuery)
    order = Order(owner(query.listener, ()), query.date_order)
    taken = service().uploads.take(order)
    url = url_for("uploads.upload", upload_id=taken["upload_id"])
    response = json_response({**taken, "url": url})
    response.status_code = 202
    response.headers["Location"] = url
    response.cache_control.no_store = True
    return response


def item(document: Document) -> dict[str, Any]:
    """An account as it's answered."""
    fields = {name: value for name, value in document.items() if name != "_id"}
    identity = document["_id"]
    return {"import_id": identity if isinstance(identity, bytes) else str(identity), **fields}
