"""The sealed bulk loads that a version counts, and what is new of them since the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from batch.executors import counted_months
from batch.raw_events import counted_listens
from listens import bulk_loads
from listens.aggregation.checksums import Checksum
from listens.settings import Settings
from listens.store import Document, Store


@dataclass(frozen=True)
class Loaded:
    """What bulk loads add to the version before.

    Attributes:
        events: how many events.
        listens: what they count (COUNTED_SCHEMA); None where there are none.
        checksums: month → checksum of their cells.
    """

    events: int
    listens: DataFrame | None
    checksums: dict[str, Checksum]


def sealed_loads(store: Store) -> dict[int, int]:
    """Number → events of the loads that a version made now counts."""
    return bulk_loads.events_of(bulk_loads.in_state(store, bulk_loads.SEALED))


def loads_of(version: Document) -> set[int]:
    """The loads that a version counts."""
    return set(version.get("loads", ()))


def uncounted_events(loads: Mapping[int, int], version: Document) -> int:
    """Events of sealed loads that a version doesn't count; `seen` has them already."""
    return sum(loads[number] for number in loads.keys() - loads_of(version))


def loaded_since(
    spark: SparkSession, loads: Mapping[int, int], *, base: Document, settings: Settings
) -> Loaded:
    """What the loads add that `base` doesn't count."""
    new = {number: events for number, events in loads.items() if number not in loads_of(base)}
    if not any(new.values()):
        return Loaded(0, None, {})
    listens = counted_listens(spark, settings=settings, cut={}, loads=new)
    return Loaded(sum(new.values()), listens, counted_months(listens).checksums)
