"""How far archive, speed layer and batch have come, and how far each is behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from listens.offsets import furthest, waiting
from listens.store import (
    ARCHIVE_COVERAGE,
    BATCH_POINTER,
    BATCH_VERSIONS,
    CURRENT,
    IMPORTS,
    SPEED_COMMITS,
    Document,
    Store,
)

Offsets = Mapping[str, int]

IMPORTS_ASKED = 20
"""Imports whose last offsets may be past what the layers have read: the newest."""


@dataclass(frozen=True)
class Layers:
    """What the layers say of themselves.

    Attributes:
        until: layer → partition → the offset before which it has covered every event.
        waiting_since: layer → since when what it hasn't covered may be waiting: its own last
            progress; for the batch, the first commit after its cut.
        end: partition → the furthest offset that a layer or an import names.
        version: the published batch version without its windows; None before the first.
        head_seq: number of the last speed commit; -1 before the first.
    """

    until: Mapping[str, Offsets]
    waiting_since: Mapping[str, datetime | None]
    end: Offsets
    version: Document | None
    head_seq: int


def read_layers(store: Store) -> Layers:
    """Read the last commit, the archive's coverage, the version and the newest imports."""
    head = store[SPEED_COMMITS].find_one({}, {"until": 1, "at": 1}, sort=[("_id", -1)])
    archive = store[ARCHIVE_COVERAGE].find_one({"_id": "archive"})
    pointer = store[BATCH_POINTER].find_one({"_id": CURRENT})
    version = pointer and store[BATCH_VERSIONS].find_one(
        {"_id": pointer["version"]}, {"windows": 0}
    )
    after = version["cut_seq"] if version else -1
    uncounted = store[SPEED_COMMITS].find_one({"_id": {"$gt": after}}, {"at": 1}, sort=[("_id", 1)])
    until = {
        "speed": head["until"] if head else {},
        "archive": archive["until"] if archive else {},
        "batch": version["cut"] if version else {},
    }
    newest = store[IMPORTS].find({}, {"end_offsets": 1}).sort("started_at", -1).limit(IMPORTS_ASKED)
    return Layers(
        until=until,
        waiting_since={
            "speed": head["at"] if head else None,
            "archive": archive["at"] if archive else None,
            "batch": uncounted["at"] if uncounted else None,
        },
        end=furthest([*until.values(), *(entry.get("end_offsets") or {} for entry in newest)]),
        version=version,
        head_seq=head["_id"] if head else -1,
    )


def layer_metrics(layers: Layers, *, now: datetime) -> Iterator[Metric]:
    """Covered offsets and lag of each layer."""
    covered = GaugeMetricFamily(
        "playcount_layer_covered_offsets",
        "Sum over partitions of the offsets before which a layer has covered every event; for "
        "the speed layer its rate is events a second.",
        labels=["layer"],
    )
    events = GaugeMetricFamily(
        "playcount_layer_lag_events",
        "Events that a layer hasn't covered, up to the furthest offset that a layer or an import "
        "has told MongoDB; the end of the topic isn't asked for.",
        labels=["layer"],
    )
    seconds = GaugeMetricFamily(
        "playcount_layer_lag_seconds",
        "0 without such events; else the time since the layer's last progress, or, for the "
        "batch, since the first commit after its cut.",
        labels=["layer"],
    )
    for layer, until in layers.until.items():
        behind = sum(waiting(end=layers.end, until=until).values())
        since = layers.waiting_since[layer]
        covered.add_metric([layer], sum(until.values()))
        events.add_metric([layer], behind)
        waited = (now - since).total_seconds() if behind and since else 0.0
        seconds.add_metric([layer], max(0.0, waited))
    yield covered
    yield events
    yield seconds
    yield GaugeMetricFamily(
        "playcount_speed_head_seq",
        "Number of the last speed commit; -1 before the first.",
        value=layers.head_seq,
    )
