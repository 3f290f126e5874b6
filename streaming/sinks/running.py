"""One sink at work: from the topic into its target, at least once, until it's asked to stop."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pymongo
from pymongo.errors import PyMongoError

from listens import erasures
from listens import store as collections
from listens.errors import ServiceDownError
from listens.settings import Settings
from listens.sinks import component
from listens.stopping import stop_on_signals
from listens.store import Store, connect
from streaming.sinks.catalogue import open_sink
from streaming.sinks.group import Group
from streaming.sinks.judging import judged
from streaming.sinks.sink import Sink

if TYPE_CHECKING:
    from kafka.consumer.fetcher import ConsumerRecord

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
"""Well within the five minutes after which Kafka gives a silent member's partitions to others."""


def run(settings: Settings, name: str, *, until_drained: bool, skip_lost: bool) -> None:
    """Hand listens over until SIGTERM or SIGINT, or, `until_drained`, up to the topic's end.

    Raises:
        UserMistakeError: no such sink, or its driver or its target isn't set up.
        ServiceDownError: Kafka or MongoDB doesn't answer at the start; later it's waited for.
        IntegrityError: Kafka has deleted listens that the sink hasn't read.
    """
    sink = open_sink(name, settings)
    store = connect(settings)
    group = Group(settings, name, skip_lost=skip_lost)
    worker = Worker(sink, group=group, pulse=Pulse(store, name), stop=stop_on_signals())
    try:
        worker.work(until_drained=until_drained)
    finally:
        worker.close()
        store.client.close()


class Pulse:
    """The sink's heartbeat, which the supervisor's status reads."""

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        self._id = component(name)
        self._beat_at = 0.0

    def beat(self, problem: str | None = None) -> None:
        """Say, at most every `HEARTBEAT_SECONDS`, that it's alive, and what keeps it from work."""
        if time.monotonic() - self._beat_at < HEARTBEAT_SECONDS:
            return
        self._beat_at = time.monotonic()
        now = {"at": datetime.now(UTC), "pid": os.getpid(), "problem": problem}
        try:
            with pymongo.timeout(HEARTBEAT_SECONDS):
                self.store[collections.HEARTBEATS].update_one(
                    {"_id": self._id}, {"$set": now}, upsert=True
                )
        except PyMongoError as error:
            log.warning("no heartbeat: %s", type(error).__name__)

    def end(self) -> None:
        """Take the heartbeat away: who has stopped in good order isn't missed."""
        try:
            with pymongo.timeout(HEARTBEAT_SECONDS):
                self.store[collections.HEARTBEATS].delete_one({"_id": self._id})
        except PyMongoError as error:
            log.warning("the heartbeat stays: %s", type(error).__name__)


class Worker:
    """The loop: read, judge, write, and only then commit."""

    def __init__(self, sink: Sink, *, group: Group, pulse: Pulse, stop: threading.Event) -> None:
        self._sink = sink
        self._group = group
        self._pulse = pulse
        self._stop = stop
        self._is_prepared = False
        self._failures = 0
        self._problem = ""  # of the last failure

    def work(self, *, until_drained: bool = False) -> None:
        """Go on until asked to stop, or until all is handed over that Kafka held at the start."""
        ends = self._group.ends() if until_drained else None
        while not self._stop.is_set():
            if not self._step():
                self._pause()
            elif ends is not None and self._group.has_reached(ends):
                return

    def close(self) -> None:
        """Let go of everything."""
        self._sink.close()
        self._group.close()
        self._pulse.end()
        log.info("stopped")

    def _step(self) -> bool:
        """Hand over what comes next; whether nothing stood in the way."""
        records: list[ConsumerRecord] = []
        try:
            if not self._is_prepared:
                self._sink.prepare()
                self._is_prepared = True
            records = self._group.poll()
            if records:
                self._hand_over(records)
        except (ServiceDownError, PyMongoError) as error:
            self._failed(error, records)
            return False
        self._group.commit()
        self._pulse.beat()
        return True

    def _hand_over(self, records: list[ConsumerRecord]) -> None:
        # Asked each time: nothing is written of a listener whose erasure had begun by then.
        found = judged(records, erasures=erasures.known(self._pulse.store))
        if found.deliveries:
            self._sink.write(found.deliveries)
        self._group.handed_over()
        if self._failures:
            log.info("works again after %d failures", self._failures)
        self._failures = 0
        _tell(len(found.deliveries), found.left_out)

    def _failed(self, error: Exception, records: list[ConsumerRecord]) -> None:
        self._group.read_again(records)
        self._sink.close()
        self._is_prepared = False
        self._failures += 1
        log.warning("attempt %d failed, trying again: %s", self._failures, _first_line(error))
        self._problem = _first_line(error)

    def _pause(self) -> None:
        """Wait longer after each failure, without falling silent."""
        seconds = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (self._failures - 1))
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not self._stop.is_set():
            self._pulse.beat(self._problem)
            self._stop.wait(min(left, HEARTBEAT_SECONDS))


def _tell(written: int, left_out: Counter[str]) -> None:
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(left_out.items()))
    log.info("handed over %d listens; left out: %s", written, reasons or "none")


def _first_line(error: Exception) -> str:
    """What comes after may quote a row."""
    return str(error).partition("\n")[0]
