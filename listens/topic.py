"""What the broker says of the topic before the queries start."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from listens.brokers import admin_client, client_options, probe
from listens.errors import IntegrityError, ServiceDownError, UserMistakeError
from listens.offsets import Offsets
from listens.settings import Settings


@dataclass(frozen=True)
class Topic:
    """A topic's id, which a topic made anew under its name doesn't have, and its offsets."""

    topic_id: str
    beginning: Offsets
    end: Offsets


def describe(settings: Settings, *, wait_seconds: float = 60) -> Topic:
    """Ask the broker, waiting for it and for the topic to be there.

    Raises:
        ServiceDownError: the broker didn't answer in time.
        UserMistakeError: the broker has no such topic.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return _describe(settings)
        except (ServiceDownError, UserMistakeError):
            if time.monotonic() > deadline:
                raise
        except KafkaError as error:
            if time.monotonic() > deadline:
                raise ServiceDownError(
                    f"Kafka at {settings.bootstrap_servers} doesn't tell about "
                    f"{settings.topic!r}: {error}"
                ) from error
        time.sleep(1)


def _describe(settings: Settings) -> Topic:
    probe(settings)
    with closing(admin_client(settings)) as admin:
        description = admin.describe_topics([settings.topic])[0]
    if description["error_code"]:
        raise UserMistakeError(
            f"Kafka has no topic {settings.topic!r}; ./playcount up makes it; "
            "or set PLAYCOUNT_TOPIC"
        )
    with closing(KafkaConsumer(**client_options(settings))) as consumer:
        partitions = [
            TopicPartition(settings.topic, partition["partition_index"])
            for partition in description["partitions"]
        ]
        return Topic(
            str(description["topic_id"]),
            {at.partition: offset for at, offset in consumer.beginning_offsets(partitions).items()},
            {at.partition: offset for at, offset in consumer.end_offsets(partitions).items()},
        )


def check_resumable(topic: Topic, *, topic_id: str, until: Offsets, what: str) -> None:
    """Refuse to go on where the topic isn't the one that has been read so far.

    Raises:
        IntegrityError: another topic has the name now, or it lost events that were not read.
    """
    if topic_id != topic.topic_id:
        raise IntegrityError(
            f"the topic has been made anew since {what} read it last (id {topic_id}, now "
            f"{topic.topic_id}); see docs/operations.md, 'Kafka lost'"
        )
    for partition, offset in until.items():
        if not topic.beginning.get(partition, 0) <= offset <= topic.end.get(partition, 0):
            raise IntegrityError(
                f"{what} goes on at offset {offset} of partition {partition}, but Kafka holds "
                f"{topic.beginning.get(partition, 0)} to {topic.end.get(partition, 0)}; "
                "see docs/operations.md, 'A gap'"
            )
