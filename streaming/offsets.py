"""Offset vectors as Spark takes them, and how a micro-batch advances them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from listens.aggregation.messages import offset_of_partition
from listens.errors import IntegrityError
from listens.offsets import Offsets, to_document


def starting_offsets(topic: str, offsets: Offsets) -> str:
    """As Spark's Kafka source takes them."""
    return json.dumps({topic: to_document(offsets)})


def not_before(messages: DataFrame, offsets: Offsets) -> DataFrame:
    """The messages at or past an offset vector."""
    return messages.where(F.col("offset") >= offset_of_partition(offsets))


def advanced(offsets: Offsets, spans: Mapping[int, tuple[int, int]]) -> Offsets:
    """The vector after reading `partition → (first, last)` offsets.

    Raises:
        IntegrityError: a span begins past the vector, so that messages between were never read.
    """
    for partition, (first, _) in spans.items():
        if first > offsets.get(partition, 0):
            raise IntegrityError(
                f"partition {partition} goes on at offset {first}, but only what is before "
                f"{offsets.get(partition, 0)} has been read: the checkpoint is ahead of the store, "
                "or Kafka has dropped unread events; see docs/operations.md, 'A gap'"
            )
    return offsets | {partition: last + 1 for partition, (_, last) in spans.items()}
