"""Rankings by distinct listeners: in how many listeners' charts a key is.

A number of listeners can't be added up, so that no chart holds it: it's made when it's asked for,
from listeners' charts, of all listeners where there's room and else of a share of them
(docs/decisions/0012).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from api.analyses.rankings import RANKINGS
from api.analyses.sampling import batch_sketch, speed_sketch
from api.analyses.sketch import Sketch, estimate, placed, relative_error, seen_by_key, united
from api.merging.charts import Charts, check_kept
from api.merging.merge import Order, Page, found, more_of
from api.merging.pieces import stored_pieces
from api.merging.reading import Slice
from api.merging.snapshot import Snapshot
from api.web.problems import BadParameterError
from listens.packing import Ints, Keys
from listens.store import Store
from listens.views import VIEWS
from listens.windows import Span

BY = "listeners"
"""What ranks by them is called in a query."""

ABLE = tuple(view for view in RANKINGS if "listener" in VIEWS[view].slices)
"""The charts that they can rank."""


@dataclass(frozen=True)
class Seen:
    """How many of the listeners who were looked at have a key, by place in everyone's chart.

    Attributes:
        listeners: the numbers.
        share: of all listeners, the share that was looked at; 1: all.
    """

    listeners: Ints
    share: float

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return self.listeners.nbytes


@dataclass(frozen=True)
class Counted:
    """Ranks of a chart with the distinct listeners of each.

    Attributes:
        page: the ranks.
        listeners: of each rank; None where nobody who was looked at has it.
        errors: by which part of itself each may be off, in 95 of 100 cases; 0 where exact.
        are: whether all listeners were looked at.
    """

    page: Page
    listeners: list[int | None]
    errors: list[float | None]
    are: Literal["exact", "estimated"]


def checked_by_listeners(view: str, slice_: Slice) -> None:
    """Check that a chart can be ranked by listeners.

    Raises:
        BadParameterError: it can't.
    """
    if view not in ABLE:
        raise BadParameterError("by", f"{view} have no number of listeners; {', '.join(ABLE)} have")
    if slice_ != Slice():
        raise BadParameterError(
            slice_.by.partition("+")[0],
            f"by=listeners counts the listeners of everything, not of a {slice_.by}",
        )


def page_by_listeners(
    charts: Charts, store: Store, snapshot: Snapshot, view: str, span: Span, *,
    order: Order, offset: int, limit: int, most: int,
) -> Counted:  # fmt: skip
    """Some ranks of everyone's chart by distinct listeners, and the listeners of each.

    Args:
        charts: what is kept of charts.
        store: the database.
        snapshot: the moment.
        view: what is ranked.
        span: the days.
        order: whether the least come first, and how many streams a key must have.
        offset: how many ranks to leave out.
        limit: how many at most.
        most: pairs of listener and key that are looked at; where there are more, it's estimated.

    Raises:
        SupersededError: the snapshot is too old to be read.
        BadParameterError: there's no room for a single listener.
    """
    chart = charts.whole(store, snapshot, view, Slice(), span)
    seen = _seen(charts, store, snapshot, view, span, chart.key, most=most)
    able = np.flatnonzero(chart.measures["streams"] >= order.least)
    # Stable: keys are ascending, which settles the ties.
    signs = seen.listeners[able] if order.ascending else -seen.listeners[able]
    chosen = able[np.argsort(signs, kind="stable")][offset : offset + limit]
    numbers = seen.listeners[chosen].tolist()
    return Counted(
        Page(more_of(chart, chosen), len(able)),
        [estimate(number, seen.share) for number in numbers],
        [relative_error(number, seen.share) for number in numbers],
        "exact" if seen.share == 1 else "estimated",
    )


def _seen(
    charts: Charts, store: Store, snapshot: Snapshot, view: str, span: Span, keys: Keys, *,
    most: int,
) -> Seen:  # fmt: skip
    parts = stored_pieces(snapshot, span, view=view, by="listener")
    moment = (snapshot.cut_seq, snapshot.lineage, snapshot.head_seq)

    def count() -> Seen:
        former, batch = _batch(charts, store, snapshot, view, span, most=most)
        since = speed_sketch(store, snapshot, view, span, keys, most=most)
        check_kept(store, snapshot)
        every = united([placed(batch, *found(keys, former)), since], most=most)
        if every.share < 1 and not len(every):
            raise BadParameterError(
                "by",
                f"in this window the first listener alone has more than {most:,} {view}, so that "
                "not even a number can be estimated; ask for a shorter window",
            )
        return Seen(seen_by_key(every, len(keys)), every.share)

    return charts.cache.get(("listeners", view, span, parts, moment, most), Seen, count)


def _batch(
    charts: Charts, store: Store, snapshot: Snapshot, view: str, span: Span, *, most: int
) -> tuple[Keys, Sketch]:
    """The keys of the batch's chart of everyone, and who has them."""
    parts = stored_pieces(snapshot, span, view=view, by="listener")
    keys = charts.recounted(store, snapshot, view, Slice(), span).key

    def load() -> Sketch:
        listeners = charts.recounted_values(store, snapshot, "listener")
        sketch = batch_sketch(store, view, parts, listeners, keys, most=most)
        check_kept(store, snapshot)
        return sketch

    return keys, charts.cache.get(("of listeners", view, parts, most), Sketch, load)
