"""Charts of years and of all time from the stored charts of their months."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from batch.charts import merged
from batch.executors import DOCUMENTS_A_WRITE
from batch.manifest import grain_of
from listens import store as collections
from listens.store import Document, Store

_ABOUT = ("view", "by", "value")

Generations = Mapping[str, int]
"""Window → the generation whose charts count."""


def write_rollups(
    store: Store, *, windows: Collection[str], months: Generations, generation: int
) -> dict[str, int]:
    """Write the charts of years, and of `all`, as sums over stored months.

    Args:
        store: holds the months' charts already.
        windows: years, and `all`.
        months: every month of the version.
        generation: number of the version that is being made.

    Returns:
        Window → number of its cells.
    """
    return {
        window: _write(store, window, _within(window, months), generation=generation)
        for window in sorted(windows)
    }


def _within(window: str, months: Generations) -> Generations:
    if window == "all":
        return months
    return {month: number for month, number in months.items() if month[:4] == window}


def _write(store: Store, window: str, months: Generations, *, generation: int) -> int:
    about = {"generation": generation, "grain": grain_of(window)}
    cells = 0
    documents = (
        {**document, **about, "window": window}
        for parts in _charts(store, months)
        for document in merged(parts)
    )
    while some := list(islice(documents, DOCUMENTS_A_WRITE)):
        store[collections.BATCH_CHARTS].insert_many(some, ordered=False)
        cells += sum(document["n"] for document in some)
    return cells


def _charts(store: Store, months: Generations) -> Iterator[list[Document]]:
    """The documents of one chart in all months, chart after chart."""
    wanted: dict[str, Any] = {
        "grain": "month",
        "$or": [{"window": month, "generation": number} for month, number in months.items()],
    }
    order = [(name, 1) for name in _ABOUT]
    charts = store[collections.BATCH_CHARTS]
    found = charts.find(wanted, {"_id": 0}, sort=order, allow_disk_use=True)
    for _, parts in groupby(found, key=itemgetter(*_ABOUT)):
        yield [*parts]
