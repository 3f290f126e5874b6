"""A sink's consumer group: the topic from where the sink left off, and no listen skipped."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from listens.brokers import client_options, ensure_topic, probe
from listens.errors import IntegrityError
from listens.settings import Settings
from listens.sinks import consumer_group

if TYPE_CHECKING:
    from kafka import TopicPartition
    from kafka.consumer.fetcher import ConsumerRecord

log = logging.getLogger(__name__)

POLL_MS = 500
MOST_RECORDS = 1_000
COMMIT_MS = 10_000
SESSION_MS = 10_000
"""So long does a member that was killed keep its partitions from others, itself started anew."""
PROBE_SECONDS = 5
"""A client whose broker is away is silent for ever: after so long without a listen, it's asked."""


class Group:
    """A member of the sink's consumer group.

    Args:
        settings: name the brokers, the topic and the installation.
        name: of the sink.
        skip_lost: go on where Kafka has deleted listens that the sink hasn't read.

    Raises:
        ServiceDownError: no broker answers.
    """

    def __init__(self, settings: Settings, name: str, *, skip_lost: bool = False) -> None:
        probe(settings)
        ensure_topic(settings)
        from kafka import KafkaConsumer

        self._settings = settings
        self._name = name
        self._skip_lost = skip_lost
        self._is_ahead = False  # of what is committed
        self._consumer = KafkaConsumer(
            settings.topic,
            **client_options(settings),
            client_id=f"playcount-sink-{name}",
            group_id=consumer_group(name, settings.database),
            enable_auto_commit=False,
            # Any other would jump over what Kafka has deleted, and say nothing.
            auto_offset_reset="none",
            max_poll_records=MOST_RECORDS,
            session_timeout_ms=SESSION_MS,
            reconnect_backoff_max_ms=2_000,
        )
        self._partitions = self._all_partitions(settings.topic)
        self._heard_at = time.monotonic()

    def poll(self) -> list[ConsumerRecord]:
        """The next messages, each partition's in order; none after half a second without any.

        Raises:
            IntegrityError: Kafka has deleted listens before they were read.
            ServiceDownError: no broker answers.
        """
        from kafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError

        try:
            records = self._consumer.poll(POLL_MS)
        except NoOffsetForPartitionError:
            self._begin()
            return []
        except OffsetOutOfRangeError as error:
            self._pass_over_lost(error.args[0])
            return []
        if records:
            self._heard_at = time.monotonic()
        elif time.monotonic() - self._heard_at > PROBE_SECONDS:
            probe(self._settings)
            self._heard_at = time.monotonic()
        return [record for partition in sorted(records) for record in records[partition]]

    def read_again(self, records: list[ConsumerRecord]) -> None:
        """Go back to the first of the records in each partition that this member still has."""
        from kafka import TopicPartition

        first: dict[TopicPartition, int] = {}
        for record in records:
            first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        for partition in first.keys() & self._consumer.assignment():
            self._consumer.seek(partition, first[partition])

    def handed_over(self) -> None:
        """All that `poll` has given so far is durable in the target: `commit` may say so."""
        self._is_ahead = True

    def commit(self) -> None:
        """Tell Kafka, unless it knows. What it can't be told now is told later, or read again."""
        from kafka.errors import KafkaError

        if not self._is_ahead:
            return
        try:
            self._consumer.commit(timeout_ms=COMMIT_MS)
        except KafkaError as error:
            log.warning("offsets not committed yet: %s", type(error).__name__)
        else:
            self._is_ahead = False

    def ends(self) -> dict[TopicPartition, int]:
        """The next offset of each partition of the topic."""
        return dict(self._consumer.end_offsets(self._partitions))

    def has_reached(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether the group, all members together, has committed everything before `ends`."""
        return all(
            (self._consumer.committed(partition, timeout_ms=COMMIT_MS) or 0) >= end
            for partition, end in ends.items()
        )

    def close(self) -> None:
        """Leave the group, so that other members take over at once."""
        self._consumer.close(autocommit=False, timeout_ms=COMMIT_MS)

    def _all_partitions(self, topic: str) -> list[TopicPartition]:
        from kafka import TopicPartition

        numbers = self._consumer.partitions_for_topic(topic) or ()
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    def _begin(self) -> None:
        """Set out from the oldest listen that Kafka holds where the group has read none."""
        mine = sorted(self._consumer.assignment())
        new = [each for each in mine if self._consumer.committed(each) is None]
        for partition, offset in self._consumer.beginning_offsets(new).items():
            log.info("partition %d from its beginning, %d", partition.partition, offset)
            self._consumer.seek(partition, offset)
        self.handed_over()

    def _pass_over_lost(self, wanted: dict[TopicPartition, Any]) -> None:
        beginnings = self._consumer.beginning_offsets(list(wanted))
        for partition, position in wanted.items():
            at = getattr(position, "offset", position)
            told = (
                f"the sink {self._name} has read partition {partition.partition} up to {at}, and "
                f"Kafka holds it from {beginnings[partition]} on: what was in between is missing "
                "in the target"
            )
            if not self._skip_lost:
                raise IntegrityError(
                    f"{told}. See docs/sinks.md, 'Listens that Kafka has deleted'; to go on "
                    f"without them: ./playcount sink run {self._name} --skip-lost"
                )
            log.warning("%s", told)
            self._consumer.seek(partition, beginnings[partition])
