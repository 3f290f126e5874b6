"""Offset vectors: how far something has read, partition by partition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

Offsets = dict[int, int]
"""Partition → the first offset not yet read. A partition that's absent is read from 0."""

Partition = TypeVar("Partition", int, str)
"""Numbers, or the text that MongoDB's documents have in their place."""


def from_document(offsets: Mapping[str, int]) -> Offsets:
    """Offsets as MongoDB and JSON hold them, with text keys."""
    return {int(partition): offset for partition, offset in offsets.items()}


def to_document(offsets: Mapping[int, int]) -> dict[str, int]:
    """The inverse of `from_document`, in order of the partitions."""
    return {str(partition): offsets[partition] for partition in sorted(offsets)}


def furthest(vectors: Iterable[Mapping[Partition, int]]) -> dict[Partition, int]:
    """The greatest offset of each partition."""
    result: dict[Partition, int] = {}
    for vector in vectors:
        for partition, offset in vector.items():
            result[partition] = max(offset, result.get(partition, offset))
    return result


def reaches(offsets: Mapping[int, int], goal: Mapping[int, int]) -> bool:
    """Whether everything before the goal has been read."""
    return all(offsets.get(partition, 0) >= offset for partition, offset in goal.items())


def waiting(
    *, end: Mapping[Partition, int], until: Mapping[Partition, int]
) -> dict[Partition, int]:
    """Events at or past `until` and before `end`, for each partition that has any."""
    behind = {partition: last - until.get(partition, 0) for partition, last in end.items()}
    return {partition: events for partition, events in behind.items() if events > 0}
