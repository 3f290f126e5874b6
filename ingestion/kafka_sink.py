"""The way to Kafka: nothing counts as sent that the broker hasn't acknowledged."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from listens.brokers import ensure_topic, probe, producer_options
from listens.errors import PlaycountError
from listens.settings import Settings

if TYPE_CHECKING:
    from kafka import KafkaProducer
    from kafka.producer.future import FutureRecordMetadata, RecordMetadata

DELIVERY_SECONDS = 150
"""A broker that restarts within two minutes delays an import and doesn't fail it."""

LINGER_MS = 50
WINDOW = 5_000
"""Messages whose acknowledgement is looked at together; ten windows bound the memory."""
WINDOWS_UNDER_WAY = 10


class DeliveryError(PlaycountError, ConnectionError):
    """Kafka didn't acknowledge a message within `DELIVERY_SECONDS`, or refused it."""


class KafkaSink:
    """Sends messages in order and keeps account of those that are acknowledged.

    Args:
        producer: a `kafka.KafkaProducer`.
        topic: that all messages go to.
        on_wait: called about once a second while an acknowledgement is awaited; may raise.

    Attributes:
        acknowledged: messages that the broker has.
        end_offsets: partition → the offset after its last acknowledged message.
    """

    def __init__(
        self, producer: KafkaProducer, topic: str, on_wait: Callable[[], None] = lambda: None
    ) -> None:
        self.on_wait = on_wait
        self._producer = producer
        self._topic = topic
        self._window: deque[FutureRecordMetadata] = deque()
        self._under_way: deque[deque[FutureRecordMetadata]] = deque()
        self._partitions = sorted(producer.partitions_for(topic))
        self._partition_by_listener: dict[str, int] = {}
        self.start_account()

    def start_account(self) -> None:
        """Begin to count from nothing, for the next file; everything sent must be flushed."""
        self.acknowledged = 0
        self.end_offsets: dict[int, int] = {}

    def send(self, listener_id: str, message: bytes) -> None:
        """Hand over one message; its key keeps a listener's events in order in one partition.

        Kafka's own time of the message is the time of sending: with the time of the playback,
        retention would delete an old history as soon as it arrives.

        Raises:
            DeliveryError: an earlier message wasn't acknowledged.
        """
        self._window.append(
            self._producer.send(
                self._topic,
                value=message,
                key=listener_id.encode(),
                partition=self._partition_of(listener_id),
            )
        )
        if len(self._window) >= WINDOW:
            self._under_way.append(self._window)
            self._window = deque()
            if len(self._under_way) >= WINDOWS_UNDER_WAY:
                self._settle_oldest()

    def _partition_of(self, listener_id: str) -> int:
        """Kafka's own choice, made once a listener: its hash is pure Python in this client."""
        known = self._partition_by_listener.get(listener_id)
        if known is None:
            from kafka.partitioner.default import murmur2

            positive = murmur2(listener_id.encode()) & 0x7FFFFFFF
            known = self._partitions[positive % len(self._partitions)]
            self._partition_by_listener[listener_id] = known
        return known

    def flush(self) -> None:
        """Wait until everything is acknowledged.

        Raises:
            DeliveryError: something wasn't.
        """
        self._under_way.append(self._window)
        self._window = deque()
        while self._under_way:
            self._settle_oldest()

    def _settle_oldest(self) -> None:
        window = self._under_way[0]
        while window:
            # Taken out only when done, so that a flush from within `on_wait` misses none.
            future = window[0]
            if not future.is_done:
                self._await(future)
            if future.exception is not None:
                raise DeliveryError(
                    f"Kafka didn't take a listen ({future.exception}); {self.acknowledged:,} of "
                    "this file were acknowledged. Look at ./playcount status and import the "
                    "file again: nothing is added twice"
                ) from future.exception
            self._count(future.value)
            window.popleft()
        self._under_way.popleft()

    def _await(self, future: FutureRecordMetadata) -> None:
        from kafka.errors import KafkaError, KafkaTimeoutError

        while not future.is_done:
            try:
                future.get(timeout=1)
            except KafkaTimeoutError:
                self.on_wait()
            except KafkaError:
                return  # the caller finds it in the future

    def _count(self, metadata: RecordMetadata) -> None:
        self.acknowledged += 1
        end = metadata.offset + 1
        if end > self.end_offsets.get(metadata.partition, 0):
            self.end_offsets[metadata.partition] = end


@contextmanager
def open_sink(settings: Settings) -> Iterator[KafkaSink]:
    """A sink onto the settings' topic, which is made when it isn't there.

    Raises:
        ServiceDownError: no broker answers.
    """
    probe(settings)
    ensure_topic(settings)
    from kafka import KafkaProducer

    producer = KafkaProducer(
        **producer_options(settings, delivery_seconds=DELIVERY_SECONDS),
        client_id="playcount-ingestion",
        enable_idempotence=True,
        linger_ms=LINGER_MS,
        max_block_ms=DELIVERY_SECONDS * 1000,
    )
    try:
        yield KafkaSink(producer, settings.topic)
    finally:
        # Whoever leaves in good order has flushed; after a failure nothing is worth a wait.
        producer.close(timeout=1)
