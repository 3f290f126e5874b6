"""How far a layer is behind the topic: plain calculation, no input or output.

Offsets are mappings from the partition's number, as text, to the next offset: MongoDB's documents
have text keys. A partition that a layer hasn't named yet counts from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from listens.offsets import waiting

Offsets = Mapping[str, int]


@dataclass(frozen=True)
class Lag:
    """What a layer hasn't covered yet."""

    events: int
    seconds: float  # age of the first event that isn't covered; 0 when all are


def lag(
    *,
    end: Offsets,
    until: Offsets,
    now: datetime,
    waiting_since: datetime | None,
) -> Lag:
    """The lag of a layer that has covered everything before `until`.

    `waiting_since` is the timestamp of the first event not covered, or, where that isn't known,
    the time of the layer's last progress; without either, the seconds are 0.
    """
    events = sum(waiting(end=end, until=until).values())
    if events == 0 or waiting_since is None:
        return Lag(events, 0.0)
    return Lag(events, max(0.0, (now - waiting_since).total_seconds()))
