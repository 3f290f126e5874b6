"""From rows to listens on Kafka, with an account of each row."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from listens.rows.normalise import Listen, Normaliser, is_repeat
from listens.rows.rejections import Rejection


@dataclass
class Taken:
    """What some rows are: read = listens + duplicate + rejected.

    Attributes:
        read: rows.
        listens: one of each event.
        duplicate: rows of an event that an earlier row has brought.
        rejections: rows that are no listen.
    """

    read: int = 0
    listens: list[Listen] = field(default_factory=list)
    duplicate: int = 0
    rejections: list[Rejection] = field(default_factory=list)


def taken(rows: Iterable[Any], *, listener_id: str | None, source: str) -> Taken:
    """Judge rows under the names of the table or of the extended history, numbered from 1.

    Unlike in a file, identical rows are one event: a client that isn't sure sends it again.

    Args:
        rows: as they came.
        listener_id: whose they all are; None: each row says whose it is.
        source: as kept with every listen.
    """
    now_ms = int(time.time() * 1000)
    normalise = Normaliser(listener_id=listener_id, source=source, import_id=None, now_ms=now_ms)
    found = Taken()
    for number, row in enumerate(rows, start=1):
        found.read += 1
        outcome = normalise(number, row)
        if isinstance(outcome, Rejection):
            found.rejections.append(outcome)
        elif is_repeat(outcome):
            found.duplicate += 1
        else:
            found.listens.append(outcome)
    return found
