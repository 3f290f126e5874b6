"""Which months are written together: as many as their shuffles have room on the disk."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping


def passes(
    events: Mapping[str, int], months: Collection[str], *, most: int
) -> Iterator[tuple[str, ...]]:
    """Months in order, in groups of no more than `most` events; a larger one is alone.

    Args:
        events: month → its listens.
        months: those that are written.
        most: listens a group.
    """
    group: list[str] = []
    held = 0
    for month in sorted(months):
        more = events.get(month, 0)
        if group and held + more > most:
            yield tuple(group)
            group, held = [], 0
        group.append(month)
        held += more
    if group:
        yield tuple(group)
