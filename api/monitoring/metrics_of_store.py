"""What MongoDB says of the layers, read anew at each scrape.

Kafka isn't asked, so the end of the topic isn't known: `end` below is, for each partition, the
furthest offset that the speed layer, the archive or an import names. Messages that were sent by
others and that no layer has read yet aren't seen; `./playcount status` and Kafka's own metrics
know them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pymongo
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from pymongo.errors import PyMongoError

from api.monitoring.metrics_of_layers import Layers, layer_metrics, read_layers
from listens.store import HEARTBEATS, IMPORTS, SCHEDULED_RUNS, Document, Store

READ_SECONDS = 3
"""How long a scrape waits for MongoDB."""

SETTLED = "settled"
"""State of an import whose every row is accounted for."""


class StoreCollector(Collector):
    """Gauges of what MongoDB holds; only `playcount_store_up` while it doesn't answer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering mustn't ask MongoDB."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All gauges, read within one time-out."""
        try:
            with pymongo.timeout(READ_SECONDS):
                found = [*_all(self._store)]
        except PyMongoError:
            found = []
        yield _gauge("store_up", "Whether MongoDB answered this scrape.", float(bool(found)))
        yield from found


def _all(store: Store) -> Iterator[Metric]:
    now = datetime.now(UTC)
    layers: Layers = read_layers(store)
    yield from layer_metrics(layers, now=now)
    yield from _batch(layers.version, now=now)
    yield from _import(store)
    yield from _jobs(store)
    yield _heartbeats(store, now=now)


def _batch(version: Document | None, *, now: datetime) -> Iterator[Metric]:
    number = version["_id"] if version else 0
    yield _gauge("batch_version", "The published batch version; 0 before the first.", number)
    if version:
        age = (now - version["at"]).total_seconds()
        yield _gauge("batch_age_seconds", "Time since that version was published.", age)
        yield _gauge("batch_events", "Events that it counts.", version["events"])
        if "seconds" in version:
            yield _gauge("batch_duration_seconds", "How long its run took.", version["seconds"])


def _import(store: Store) -> Iterator[Metric]:
    last = store[IMPORTS].find_one({"state": SETTLED}, sort=[("settled_at", -1)])
    if last is None:
        return
    rows = GaugeMetricFamily(
        "playcount_last_import_rows",
        "What became of the rows of the import that was settled last; `unaccounted` must be 0.",
        labels=["outcome"],
    )
    outcomes = ("new", "duplicate", "overlap", "rejected", "erased")
    known = {name: last.get(name, 0) for name in ("read", *outcomes)}
    missing = known["read"] - sum(known[name] for name in outcomes)
    for outcome, count in (known | {"unaccounted": missing}).items():
        rows.add_metric([outcome], count)
    yield rows
    at = last["settled_at"].timestamp()
    yield _gauge("last_import_timestamp_seconds", "When that import was settled.", at)


def _jobs(store: Store) -> Iterator[Metric]:
    labels = ["job"]
    ended = GaugeMetricFamily(
        "playcount_scheduled_run_timestamp_seconds", "When a job's last run ended.", labels=labels
    )
    good = GaugeMetricFamily(
        "playcount_scheduled_run_success", "Whether a job's last run didn't fail.", labels=labels
    )
    for run in store[SCHEDULED_RUNS].find({"number": {"$gt": 0}, "ended_at": {"$ne": None}}):
        ended.add_metric([run["_id"]], run["ended_at"].timestamp())
        good.add_metric([run["_id"]], float(run["outcome"] != "failed"))
    yield ended
    yield good


def _heartbeats(store: Store, *, now: datetime) -> Metric:
    ages = GaugeMetricFamily(
        "playcount_heartbeat_age_seconds",
        "Time since a component said that it works; each does so every 2 s.",
        labels=["component"],
    )
    for beat in store[HEARTBEATS].find({}, {"at": 1}):
        ages.add_metric([beat["_id"]], (now - beat["at"]).total_seconds())
    return ages


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"playcount_{name}", about, value=value)
