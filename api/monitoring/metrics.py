"""What the API counts of itself for Prometheus: requests and merges, since the process began."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from api.monitoring.metrics_of_store import StoreCollector
from api.submitting.taking import Taken
from listens.store import Store

NO_ROUTE = "none"
"""The route of a path that isn't served: the path itself would be a label without bound."""

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: a warm chart takes 2 ms, the first look at one of millions takes seconds."""

OUTCOMES = ("accepted", "duplicate", "rejected")
"""What can become of a row that was sent over HTTP."""


class Metrics:
    """The metrics of one application, in a registry of its own.

    Labels are routes and status codes: no parameter, and so no listener, gets into them.
    """

    def __init__(self, store: Store) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.requests = Histogram(
            "playcount_http_request_duration_seconds",
            "Time from a request's arrival to its answer, by route and status code.",
            ("route", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.merges = Histogram(
            "playcount_merge_duration_seconds",
            "Time to make a new answer out of a batch version and the speed segments after it; "
            "an answer that the asker has already (304) needs none.",
            ("route",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.rows = Counter(
            "playcount_submitted_rows",
            "Rows of listens that were sent over HTTP, by what became of them.",
            ("outcome",),
            registry=self.registry,
        )
        for outcome in OUTCOMES:
            self.rows.labels(outcome)  # from the start, so that a rate sees the first row
        self.rejections = Counter(
            "playcount_submitted_rejections",
            "Rejected rows of those, by reason.",
            ("reason",),
            registry=self.registry,
        )
        self.registry.register(StoreCollector(store))

    def init_app(self, app: Flask) -> None:
        """Time every request, also those that end in an error."""
        app.before_request(_begin)
        app.after_request(self._end)

    def submitted(self, taken: Taken) -> None:
        """Count what became of some rows, once their listens are with Kafka."""
        counts = (len(taken.listens), taken.duplicate, len(taken.rejections))
        for outcome, rows in zip(OUTCOMES, counts, strict=True):
            self.rows.labels(outcome).inc(rows)
        for rejection in taken.rejections:
            self.rejections.labels(rejection.reason).inc()

    @contextmanager
    def merging(self) -> Iterator[None]:
        """Time the making of an answer, unless it fails."""
        began = time.perf_counter()
        yield
        self.merges.labels(route()).observe(time.perf_counter() - began)

    def _end(self, response: Response) -> Response:
        if "began" in g:
            seconds = time.perf_counter() - g.began
            self.requests.labels(route(), response.status_code).observe(seconds)
        return response


def _begin() -> None:
    g.began = time.perf_counter()


def route() -> str:
    """The rule that the current request fits, without what is asked for."""
    return request.url_rule.rule if request.url_rule else NO_ROUTE
