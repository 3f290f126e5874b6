"""Reading the topic's state: its end, and the first event that a layer hasn't covered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from listens.brokers import client_options
from listens.errors import ServiceDownError
from listens.offsets import waiting
from listens.settings import Settings
from stack.lag import Offsets
from stack.probes import accepts

ANSWER_MS = 2_000


class TopicReader:
    """Reads offsets and single messages, without a consumer group."""

    def __init__(self, consumer: KafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic

    def end_offsets(self) -> dict[str, int]:
        """The next offset of each partition; empty when the topic doesn't exist."""
        numbers = self._consumer.partitions_for_topic(self._topic) or set()
        partitions = [TopicPartition(self._topic, number) for number in sorted(numbers)]
        if not partitions:
            return {}
        ends = self._consumer.end_offsets(partitions)
        return {str(partition.partition): ends[partition] for partition in partitions}

    def first_waiting_at(self, end: Offsets, until: Offsets) -> datetime | None:
        """When the oldest event at or past `until` was sent; none when there's none, or it's slow.

        An event that Kafka has deleted meanwhile is passed over.
        """
        behind = {TopicPartition(self._topic, int(key)) for key in waiting(end=end, until=until)}
        self._consumer.assign(sorted(behind))
        # A partition that is assigned again is still paused from when it was asked for before.
        self._consumer.resume(*behind)
        for partition in behind:
            self._consumer.seek(partition, until.get(str(partition.partition), 0))
        sent_ms: list[int] = []
        while behind and (records := self._consumer.poll(ANSWER_MS, max_records=1)):
            sent_ms += [messages[0].timestamp for messages in records.values()]
            self._consumer.pause(*records)
            behind -= set(records)
        return datetime.fromtimestamp(min(sent_ms) / 1000, UTC) if sent_ms else None


@contextmanager
def topic_reader(settings: Settings) -> Iterator[TopicReader]:
    """A reader of the settings' topic.

    Raises:
        ServiceDownError: Kafka doesn't answer.
    """
    servers = settings.bootstrap_servers
    host, _, port = servers.split(",")[0].rpartition(":")
    if not accepts(host, int(port)):
        raise ServiceDownError(f"Kafka doesn't listen on {servers}")
    try:
        consumer = KafkaConsumer(
            **client_options(settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=5_000,
            # One message a partition is all that is wanted.
            max_partition_fetch_bytes=64 * 1024,
        )
        try:
            yield TopicReader(consumer, settings.topic)
        finally:
            consumer.close()
    except KafkaError as error:
        raise ServiceDownError(f"Kafka on {servers} doesn't answer: {error}") from error
