"""Before a version is published: it must equal the version before plus the commits in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from listens import store as collections
from listens.aggregation.cells import CELL_KEY
from listens.aggregation.checksums import NO_CELLS, Checksum, added, month_checksums, month_of_cell
from listens.errors import IntegrityError
from listens.packing import Ints, unpack_cells, unpack_chart
from listens.rules import MEASURES
from listens.store import Document, Store
from listens.views import PAIRS, VIEWS

CELLS_AT_ONCE = 1_000_000
"""Cells of commits that are held on the driver at a time, about 60 MB."""

KEYS_SHOWN = 20

CELLS_SCHEMA = pa.schema(
    [
        ("pair", pa.int32()),
        ("value", pa.string()),
        ("window", pa.int32()),
        ("key", pa.binary()),
        *((name, pa.int64()) for name in MEASURES),
    ]
)


class AuditFailedError(IntegrityError):
    """The recount and the running count differ; `keys` names the first cells that do."""

    def __init__(self, message: str, keys: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.keys = keys


def expected(
    spark: SparkSession, store: Store, *, base: Document, cut_seq: int
) -> dict[str, Checksum]:
    """Month → checksum that a version cut at `cut_seq` must have, from `base` and the commits."""
    checksums = {
        month: parse(about["checksum"])
        for month, about in base["windows"].items()
        if is_month(month)
    }
    for table in committed_cells(store, after=base["cut_seq"], until=cut_seq):
        for month, checksum in month_checksums(spark.createDataFrame(table)).items():
            checksums[month] = added(checksums.get(month, NO_CELLS), checksum)
    return checksums


def check(
    cells: DataFrame, *, found: dict[str, Checksum], wanted: dict[str, Checksum],
    store: Store, base: Document, cut_seq: int,
) -> None:  # fmt: skip
    """Compare month by month.

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
    keys = _differences(cells, months=months, store=store, base=base, cut_seq=cut_seq)
    raise AuditFailedError(
        f"the recount from raw events differs from version {base['_id']} plus the commits up to "
        f"{cut_seq} in {', '.join(months)}; nothing is published. The first cells that differ: "
        f"{keys}",
        keys,
    )


def committed_cells(store: Store, *, after: int, until: int) -> Iterator[pa.Table]:
    """Cells of the commits after one number and up to another, as tables of CELLS_SCHEMA."""
    held: list[pa.Table] = []
    span = {"seq": {"$gt": after, "$lte": until}}
    for segment in store[collections.SPEED_SEGMENTS].find(span, sort=[("seq", 1)]):
        held.append(_table(segment))
        if sum(table.num_rows for table in held) >= CELLS_AT_ONCE:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def is_month(window: str) -> bool:
    """Whether a manifest's window is a month (others are years, and `all`)."""
    return len(window) == len("2026-01")


def parse(checksum: str) -> Checksum:
    """A checksum as a manifest writes it."""
    first, second = checksum.split("-")
    return int(first, 16), int(second, 16)


def text(checksum: Checksum) -> str:
    """The inverse of `parse`."""
    return f"{checksum[0]:08x}-{checksum[1]:08x}"


def _table(segment: Document) -> pa.Table:
    cells = unpack_cells(segment)
    return _as_table(
        PAIRS.index((segment["view"], segment["by"])),
        [value.decode() for value in cells.value.tolist()],
        cells.window.tolist(),
        raw_keys(segment),
        cells.measures,
    )


def _as_table(
    pair: int, values: list[str], windows: list[int], keys: list[bytes], measures: dict[str, Ints]
) -> pa.Table:
    columns = [[pair] * len(keys), values, windows, keys, *(measures[name] for name in MEASURES)]
    arrays = [
        pa.array(column, field.type) for column, field in zip(columns, CELLS_SCHEMA, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=CELLS_SCHEMA)


def raw_keys(document: Document) -> list[bytes]:
    """The keys of a packed document: ids keep a NUL at their end, text loses its padding."""
    packed, n = bytes(document["key"]), int(document["n"])
    width = len(packed) // n if n else 0
    keys = [packed[place : place + width] for place in range(0, n * width, width or 1)]
    is_id = VIEWS[document["view"]].key_type == "id"
    return keys if is_id else [key.rstrip(b"\0") for key in keys]


def _differences(
    cells: DataFrame, *, months: list[str], store: Store, base: Document, cut_seq: int
) -> list[dict[str, Any]]:
    spark = cells.sparkSession
    tables = [*committed_cells(store, after=base["cut_seq"], until=cut_seq)]
    tables += [*_published_cells(store, base=base, months=months)]
    running = spark.createDataFrame(
        pa.concat_tables(tables) if tables else CELLS_SCHEMA.empty_table()
    )
    signed = cells.select(*CELL_KEY, *MEASURES).unionByName(
        running.select(*CELL_KEY, *((-F.col(name)).alias(name) for name in MEASURES))
    )
    differing = (
        signed.where(month_of_cell().isin(months))
        .groupBy(*CELL_KEY)
        .agg(*(F.sum(name).alias(name) for name in MEASURES))
        .where(" OR ".join(f"{name} <> 0" for name in MEASURES))
        .limit(KEYS_SHOWN)
    )
    return [_readable(row.asDict()) for row in differing.collect()]


def _published_cells(store: Store, *, base: Document, months: list[str]) -> Iterator[pa.Table]:
    for month in months:
        about = base["windows"].get(month)
        if not about:
            continue
        which = {"grain": "day", "window": month, "generation": about["generation"]}
        for document in store[collections.BATCH_CHARTS].find(which):
            chart = unpack_chart(document)
            windows = memoryview(bytes(document["windows"])).cast("i").tolist()
            yield _as_table(
                PAIRS.index((document["view"], document["by"])),
                [document["value"]] * len(chart),
                windows,
                raw_keys(document),
                chart.measures,
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
