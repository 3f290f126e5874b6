"""The way to Kafka: a request is answered once the brokers have every listen of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from listens.brokers import ensure_topic, probe, producer_options
from listens.codec import encode
from listens.errors import ServiceDownError
from listens.rows.normalise import Listen
from listens.settings import Settings

if TYPE_CHECKING:
    from kafka import KafkaProducer

DELIVERY_SECONDS = 5
"""How long a request waits for the brokers before it answers 503."""

BOOTSTRAP_MS = 3_000
LINGER_MS = 5
CLOSE_SECONDS = 1

_log = logging.getLogger(__name__)


class KafkaAwayError(ServiceDownError):
    """The brokers don't have all listens of a request; some of them they may have."""


class Delivery:
    """Sends listens; safe among threads. The producer is made when it's first needed.

    While Kafka is away, one request at a time finds out whether it's back, and all others are
    refused at once: they would take the threads that answer everything else.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: KafkaProducer | None = None
        self._making = threading.Lock()
        self._trying = threading.Lock()
        self._is_away = False

    def deliver(self, listens: Sequence[Listen]) -> None:
        """Return when the brokers have all of them, replicas in step included.

        Raises:
            KafkaAwayError: they haven't, or not in time.
        """
        if not listens:
            return
        if not self._is_away:
            self._deliver(listens)
            return
        if not self._trying.acquire(blocking=False):
            raise KafkaAwayError("Kafka doesn't answer")
        try:
            self._deliver(listens)
        finally:
            self._trying.release()

    def close(self) -> None:
        """End the producer's thread; whatever was acknowledged is with the brokers."""
        with self._making:
            if self._producer:
                self._producer.close(timeout=CLOSE_SECONDS)
                self._producer = None

    def _deliver(self, listens: Sequence[Listen]) -> None:
        from kafka.errors import KafkaError

        try:
            self._send(listens)
        except (KafkaError, ServiceDownError) as error:
            if not self._is_away:
                _log.warning("Kafka doesn't take listens: %s", error)
            self._is_away = True
            raise KafkaAwayError(f"Kafka didn't take the listens: {error}") from error
        if self._is_away:
            _log.info("Kafka takes listens again")
        self._is_away = False

    def _send(self, listens: Sequence[Listen]) -> None:
        if self._is_away:
            probe(self._settings)  # a closed port is known at once, and not after a time-out
        deadline = time.monotonic() + DELIVERY_SECONDS
        producer = self._opened()
        sent = [
            producer.send(
                self._settings.topic, value=encode(listen), key=listen["listener_id"].encode()
            )
            for listen in listens
        ]
        for each in sent:
            each.get(timeout=max(deadline - time.monotonic(), 0))

    def _opened(self) -> KafkaProducer:
        with self._making:
            if self._producer is None:
                self._producer = _producer(self._settings)
            return self._producer


def _producer(settings: Settings) -> KafkaProducer:
    probe(settings)
    ensure_topic(settings)
    from kafka import KafkaProducer

    return KafkaProducer(
        **producer_options(settings, delivery_seconds=DELIVERY_SECONDS),
        client_id="playcount-api",
        # Without an identity that the brokers keep account of, a delivery that was given up leaves
        # nothing behind. What it repeats is counted once; one request under way keeps the order.
        enable_idempotence=False,
        max_in_flight_requests_per_connection=1,
        linger_ms=LINGER_MS,
        request_timeout_ms=DELIVERY_SECONDS * 1000 - LINGER_MS,
        max_block_ms=BOOTSTRAP_MS,
        bootstrap_timeout_ms=BOOTSTRAP_MS,
    )
