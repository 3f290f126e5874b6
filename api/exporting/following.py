"""Appends each hour or minute to a file once it's over, until it's asked to stop."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pymongo
from pymongo.errors import PyMongoError

from api.analyses.rankings import Ranking, items_of
from api.analyses.sliding import Windows, tops
from api.exporting.appended import LEADING, Appended, Period
from api.exporting.charts import columns_of
from api.exporting.periods import Unit, closed_before, days_of, name_of, number_named
from api.merging import reading
from api.merging.charts import Charts, SupersededError
from api.merging.merge import Order, Page
from api.merging.reading import Slice
from listens.store import Store

CACHE_BYTES = 64 << 20
"""So that each period costs what is new since the last one."""

LOOK_SECONDS = 1
READ_SECONDS = 30
PERIODS_AT_ONCE = 500
"""In one write: what was missed while nobody followed is caught up in so large steps."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Following:
    """What is followed.

    Attributes:
        ranking: how rows are named.
        view: which has what is ranked by the unit.
        unit: how long a period is.
        zone: the reporting zone.
        lateness_seconds: how long after its end a period counts as closed; what comes later isn't
            in the file.
        order: what ranks.
        limit: ranks a period at most.
    """

    ranking: Ranking
    view: str
    unit: Unit
    zone: ZoneInfo
    lateness_seconds: float
    order: Order
    limit: int

    @property
    def columns(self) -> list[str]:
        """The file's header."""
        return [self.unit, *LEADING, *columns_of(self.ranking)]

    def closed_at(self, moment: datetime) -> int:
        """The first period that isn't closed."""
        return closed_before(
            moment - timedelta(seconds=self.lateness_seconds), self.zone, self.unit
        )


def follow(
    store: Store, what: Following, file: Appended, *, first: int | None, stop: threading.Event
) -> None:
    """Append closed periods after those in the file, in an empty one from `first` on.

    Without `first` from the one on that isn't closed now. MongoDB may be away: it's waited for.
    """
    charts = Charts(CACHE_BYTES)
    now = what.closed_at(datetime.now(UTC))
    number = number_named(file.last, what.unit) + 1 if file.last else first or now
    while not stop.is_set():
        end = min(what.closed_at(datetime.now(UTC)), number + PERIODS_AT_ONCE)
        periods = _read(store, charts, what, number, end) if number < end else None
        if periods is None:
            stop.wait(LOOK_SECONDS)
        else:
            file.append(periods, width=len(columns_of(what.ranking)))
            number = end


def _read(
    store: Store, charts: Charts, what: Following, first: int, end: int
) -> list[Period] | None:
    """The periods from `first` until before `end`; None where they can't be read now."""
    try:
        with pymongo.timeout(READ_SECONDS):
            snapshot = reading.snapshot(store)
            if snapshot is None:
                return None
            days = days_of(first, end, what.unit)
            cells = charts.finest(store, snapshot, what.view, Slice(), days)
            windows = Windows(first, end, 1, 1)
            return [
                (name_of(number, what.unit), _rows(store, what, page))
                for number, page in tops(cells, windows, order=what.order, limit=what.limit)
            ]
    except PyMongoError as error:
        _log.warning("MongoDB doesn't answer (%s); waiting for it", type(error).__name__)
        return None
    except SupersededError:
        return None


def _rows(store: Store, what: Following, page: Page) -> list[list[Any]]:
    items = items_of(store, what.ranking, page, offset=0)
    return [[item[name] for name in columns_of(what.ranking)] for item in items]
