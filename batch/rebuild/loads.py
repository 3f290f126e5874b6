"""Bulk loads as the archive has them: after a rebuild all of them are sealed."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from batch.rebuild.owners import owner
from listens import bulk_loads
from listens.aggregation.messages import accepted, once_each
from listens.bulk_loads import partition_of
from listens.store import Document


def load_documents(events: DataFrame) -> list[Document]:
    """The account of each load; one that was stopped counts what nobody else counts.

    `events` are all messages of the archive; of one that Kafka brought too the load's row counts,
    as everywhere.
    """
    won = once_each(accepted(events), "import_id").where("partition < 0")
    new: dict[int, dict[str, int]] = {}
    for row in won.groupBy("partition", "import_id").count().collect():
        new.setdefault(row["partition"], {})[row["import_id"]] = row["count"]
    facts = events.where("partition < 0").groupBy("partition", "import_id")
    documents: dict[int, Document] = {}
    for row in facts.agg(
        F.count("*").alias("rows"),
        F.max("offset").alias("last"),
        owner().alias("listener_id"),
        F.min("received_at").alias("at"),
    ).toArrow().to_pylist():  # fmt: skip
        document = documents.setdefault(row["partition"], _nothing(row))
        counted = new.get(row["partition"], {}).get(row["import_id"], 0)
        document["counts"][row["import_id"]] = {
            "new": counted, "duplicate": row["rows"] - counted,
        }  # fmt: skip
        document["events"] += counted
        document["rows"] = max(document["rows"], row["last"] + 1)
    return [documents[place] for place in sorted(documents)]


def _nothing(row: Document) -> Document:
    return {
        "_id": partition_of(row["partition"]),
        "listener_id": row["listener_id"],
        "files": [],
        "state": bulk_loads.SEALED,
        "started_at": row["at"],
        "touched_at": row["at"],
        "rows": 0,
        "events": 0,
        "counts": {},
        "rebuilt": True,
    }
