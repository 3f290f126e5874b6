"""What is on a topic."""

from __future__ import annotations

from typing import Any

from kafka import KafkaConsumer, TopicPartition

from listens.settings import Settings


def messages_of(settings: Settings) -> list[Any]:
    """Every message, each partition's in order."""
    consumer = KafkaConsumer(bootstrap_servers=settings.bootstrap_servers)
    numbers = consumer.partitions_for_topic(settings.topic)
    partitions = [TopicPartition(settings.topic, number) for number in numbers]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends, found = consumer.end_offsets(partitions), []
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for batch in consumer.poll(timeout_ms=500).values():
            found.extend(batch)
    consumer.close()
    return found
