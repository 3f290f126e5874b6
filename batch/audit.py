"""Before a version is published: it must equal the version before plus the commits in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from batch.executors import tables
from batch.manifest import months_of, same_rules
from listens import store as collections
from listens.aggregation.cells import cells
from listens.aggregation.checksums import (
    NO_CELLS,
    Checksum,
    cells_checksums,
    joined,
    month_label,
    month_numbers,
)
from listens.errors import IntegrityError
from listens.packing import Cells, unpack_cells, unpack_chart
from listens.rules import MEASURES
from listens.settings import Settings
from listens.store import Document, Store
from listens.views import OPTIONAL, PAIRS, VIEWS

KEYS_SHOWN = 20

CELL_KEY = ("pair", "value", "window", "key")

CELLS_SCHEMA = pa.schema(
    [
        ("pair", pa.int32()),
        ("value", pa.string()),
        ("window", pa.int32()),
        ("key", pa.binary()),
        *((name, pa.int64()) for name in MEASURES),
    ]
)

_CELLS_COLUMNS = "pair int, value string, window int, key binary, " + ", ".join(
    f"{name} long" for name in MEASURES
)


class AuditFailedError(IntegrityError):
    """The recount and the running count differ; `keys` names the first cells that do."""

    def __init__(self, message: str, keys: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.keys = keys


def is_comparable(store: Store, *, base: Document, cut_seq: int, settings: Settings) -> bool:
    """Whether a version, and each commit from it to `cut_seq`, counts what a recount does."""
    if not same_rules(base, settings):
        return False
    if cut_seq == base["cut_seq"]:
        return True
    last = store[collections.SPEED_COMMITS].find_one({"_id": cut_seq}, {"views": 1}) or {}
    since = last.get("views", {})
    return all(
        since.get(view, cut_seq + 1) <= base["cut_seq"] + 1 for view in settings.counted_views
    )


def expected(
    store: Store, *, base: Document, cut_seq: int, loaded: dict[str, Checksum], settings: Settings
) -> dict[str, Checksum]:
    """Month → checksum that a version cut at `cut_seq` must have.

    From `base`, the commits since, and what is `loaded` in bulk since; they must be comparable.
    """
    checksums = joined(months_of(base), loaded)
    for pair, committed in committed_cells(
        store, after=base["cut_seq"], until=cut_seq, settings=settings
    ):
        checksums = joined(checksums, cells_checksums(pair, committed))
    return checksums


def check(
    listens: DataFrame, *, found: dict[str, Checksum], wanted: dict[str, Checksum],
    store: Store, base: Document, cut_seq: int, settings: Settings,
    loaded: DataFrame | None = None,
) -> None:  # fmt: skip
    """Compare month by month; `loaded` are the listens of bulk loads since `base`.

    Raises:
        AuditFailedError: a month differs; nothing has been written yet.
    """
    months = sorted(
        month
        for month in found.keys() | wanted.keys()
        if found.get(month, NO_CELLS) != wanted.get(month, NO_CELLS)
    )
    if not months:
        return
    committed = committed_cells(store, after=base["cut_seq"], until=cut_seq, settings=settings)
    published = published_cells(store, base=base, months=months)
    running = [_rows(pair, some, months) for pair, some in (*committed, *published)]
    keys = _differences(listens, loaded, running, months=months)
    raise AuditFailedError(
        f"the recount from raw events differs from version {base['_id']} plus the commits up to "
        f"{cut_seq} in {', '.join(months)}; nothing is published. The first cells that differ: "
        f"{keys}",
        keys,
    )


def committed_cells(
    store: Store, *, after: int, until: int, settings: Settings
) -> Iterator[tuple[int, Cells]]:
    """Pair and cells of each segment of the commits after one number and up to another.

    Those of views that aren't counted any more are left out.
    """
    left_out = [view for view in OPTIONAL if view not in settings.counted_views]
    wanted = {"seq": {"$gt": after, "$lte": until}, "view": {"$nin": left_out}}
    for segment in store[collections.SPEED_SEGMENTS].find(wanted):
        yield PAIRS.index((segment["view"], segment["by"])), unpack_cells(segment)


def published_cells(
    store: Store, *, base: Document, months: Iterable[str]
) -> Iterator[tuple[int, Cells]]:
    """Pair and finest cells of each chart of some months of a version."""
    for month in months:
        if about := base["windows"].get(month):
            for document in chart_documents(store, month, about["generation"], grain="day"):
                yield cells_of_chart(document)


def chart_documents(store: Store, window: str, generation: int, **more: str) -> Iterator[Document]:
    """The stored charts of a window."""
    yield from store[collections.BATCH_CHARTS].find(
        {"window": window, "generation": generation, **more}
    )


def cells_of_chart(document: Document) -> tuple[int, Cells]:
    """Pair and cells of a stored chart; those of a longer grain than days have the window 0."""
    chart = unpack_chart(document)
    windows = np.zeros(len(chart), np.int64)
    if document["grain"] == "day":
        windows = np.frombuffer(document["windows"], "<i4").astype(np.int64)
    value = np.full(len(chart), document["value"].encode())
    pair = PAIRS.index((document["view"], document["by"]))
    return pair, Cells(windows, value, chart.key, chart.measures)


def _differences(
    listens: DataFrame, loaded: DataFrame | None, running: list[pa.RecordBatch], *,
    months: list[str],
) -> list[dict[str, Any]]:  # fmt: skip
    def of_part(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for table in tables(batches):
            for each in cells(table):
                yield _rows(each.pair, each.decoded(), months)

    table = pa.Table.from_batches(running, CELLS_SCHEMA)
    recounted = listens.mapInArrow(of_part, _CELLS_COLUMNS)
    signed = recounted.unionByName(_negated(listens.sparkSession.createDataFrame(table)))
    if loaded is not None:
        signed = signed.unionByName(_negated(loaded.mapInArrow(of_part, _CELLS_COLUMNS)))
    differing = (
        signed.groupBy(*CELL_KEY)
        .agg(*(F.sum(name).alias(name) for name in MEASURES))
        .where(" OR ".join(f"{name} <> 0" for name in MEASURES))
        .limit(KEYS_SHOWN)
    )
    return [_readable(row.asDict()) for row in differing.collect()]


def _negated(rows: DataFrame) -> DataFrame:
    return rows.select(*CELL_KEY, *((-F.col(name)).alias(name) for name in MEASURES))


def _rows(pair: int, some: Cells, months: list[str]) -> pa.RecordBatch:
    """Cells of some months, a row each; ids keep a NUL at their end, text loses its padding."""
    view = PAIRS[pair][0]
    numbers = month_numbers(some.window, view=view)
    wanted = [number for number in np.unique(numbers).tolist() if month_label(number) in months]
    some = some.where(np.isin(numbers, wanted))
    keys = some.key.tolist()
    if VIEWS[view].key_type == "id":
        keys = [key.ljust(some.key.itemsize, b"\0") for key in keys]
    columns = [
        np.full(len(keys), pair, np.int32),
        [value.decode() for value in some.value.tolist()],
        some.window.astype(np.int32),
        keys,
        *(some.measures[name] for name in MEASURES),
    ]
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, CELLS_SCHEMA, strict=True)],
        schema=CELLS_SCHEMA,
    )


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    view, by = PAIRS[row["pair"]]
    difference = {name: row[name] for name in MEASURES if row[name]}
    return {
        "view": view,
        "by": by,
        "value": row["value"],
        "window": row["window"],
        "key": bytes(row["key"]).hex(),
        "difference": difference,
    }
