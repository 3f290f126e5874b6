"""The one transaction that makes a rebuilt database visible."""

from __future__ import annotations

from datetime import UTC, datetime

from pymongo.client_session import ClientSession

from batch import versions
from batch.rebuild.accounts import Totals
from batch.rebuild.contents import SEQ
from listens import commits, erasures
from listens import store as collections
from listens.aggregation.archive import Coverage
from listens.commits import Head, commit_document
from listens.offsets import to_document
from listens.store import CURRENT, Document, Store


def publish(
    store: Store, number: int, manifest: Document, *,
    told: Coverage, counted: Totals, loads: list[Document],
) -> None:  # fmt: skip
    """All that makes the rest visible, in one transaction."""
    now = datetime.now(UTC)
    before = Head(SEQ - 2, {}, told.topic_id)
    origin = commit_document(before, told.beginning)
    first = Head(SEQ - 1, told.beginning, told.topic_id)
    whole = commit_document(first, told.until) | {
        "events": counted.events,
        "duplicates": counted.duplicates,
        "rejected": counted.rejected,
        "erased": counted.erased,
        "imports": counted.imports,
        "rebuilt": True,
    }
    until = to_document(told.until)
    documents = {
        collections.SPEED_COMMITS: [origin, whole],
        collections.BATCH_POINTER: [
            {"_id": CURRENT, "version": number, "previous": None, "at": now}
        ],
        collections.ARCHIVE_COVERAGE: [
            {"_id": "archive", "until": until, "topic_id": told.topic_id, "at": now}
        ],
        collections.BULK_LOADS: loads,
        collections.ERASURES: _tombstones(store, told, at=now),
    }

    def ready(session: ClientSession) -> None:
        fields = {"$set": manifest | {"state": "ready", "at": now}}
        running = {"_id": number, "state": "running"}
        moved = store[collections.BATCH_VERSIONS].update_one(running, fields, session=session)
        if not moved.matched_count:
            raise versions.BatchBusyError("the rebuild was taken for dead; run it again")
        store[collections.ERASURES].delete_many({}, session=session)
        # Accounts that were kept, and not settled, are settled by the one commit.
        store[collections.IMPORTS].update_many(
            {"state": "sent"}, {"$set": {"head_seq": SEQ - 1}}, session=session
        )

    commits.write(store, documents, before=ready)


def _tombstones(store: Store, told: Coverage, *, at: datetime) -> list[Document]:
    """Erasures by numbers below all commits: those that were kept, and those of the archive.

    The archive knows those whose messages are still to come.
    """
    kept = [*store[collections.ERASURES].find(sort=[("_id", 1)])]
    known = {document["digest"] for document in kept}
    carried = [
        {"digest": digest, "until": to_document(until), "at": at, "events": 0, "imports": []}
        for digest, until in sorted(told.erasures.items())
        if digest not in known
    ]
    facts = {
        "counted": to_document(told.until),
        "state": erasures.DONE,
        "parts": 1,
        "negations": [SEQ],
    }
    every = [*carried, *kept]
    return [
        {**document, **facts, "_id": place - len(every)} for place, document in enumerate(every)
    ]
