"""`/api/uploads/<upload_id>`: how files that came over HTTP are getting on."""

from __future__ import annotations

import pymongo
from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from api.answering import SNAPSHOT_SECONDS, answer_now, service
from api.merging import reading
from api.merging.snapshot import Snapshot
from api.questions.queries import NoQuery, parse
from api.routes.imports import item
from api.uploading import accounts

blueprint = Blueprint("uploads", __name__)


@blueprint.get("/api/uploads/<upload_id>")
def upload(upload_id: str) -> Response:
    """The state of an upload, with the accounts of its imports."""
    parse(NoQuery)
    store = service().store
    with pymongo.timeout(SNAPSHOT_SECONDS):
        snapshot = reading.snapshot(store) or Snapshot()
        account = accounts.found(store, upload_id)
        imports = accounts.imports_of(store, upload_id)
    if account is None:
        raise NotFound("No upload has this id; one that ended a day ago is forgotten.")
    body = {
        "upload_id": account.pop("_id"),
        "notes": [],
        **account,
        "imports": [item(each) for each in imports],
        "rejected": sum(each.get("rejected", 0) for each in imports),
        "rejections": accounts.rejections(service().settings.rejected_rows, imports),
        "as_of": snapshot.as_of(),
    }
    return answer_now(body)
