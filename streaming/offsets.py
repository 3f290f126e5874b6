"""Offset vectors: how far something has read, partition by partition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from listens.errors import IntegrityError

Offsets = dict[int, int]
"""Partition → the first offset not yet read. A partition that's absent is read from 0."""


def from_document(offsets: Mapping[str, int]) -> Offsets:
    """Offsets as MongoDB and JSON hold them, with text keys."""
    return {int(partition): offset for partition, offset in offsets.items()}


def to_document(offsets: Offsets) -> dict[str, int]:
    """The inverse of `from_document`, in order of the partitions."""
    return {str(partition): offsets[partition] for partition in sorted(offsets)}


def starting_offsets(topic: str, offsets: Offsets) -> str:
    """As Spark's Kafka source takes them."""
    return json.dumps({topic: to_document(offsets)})


def not_before(messages: DataFrame, offsets: Offsets) -> DataFrame:
    """The messages at or past an offset vector."""
    return messages.where(F.col("offset") >= _until(offsets))


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


def _until(offsets: Offsets) -> Column:
    return reduce(
        lambda otherwise, item: F.when(F.col("partition") == item[0], item[1]).otherwise(otherwise),
        offsets.items(),
        F.lit(0),
    )
