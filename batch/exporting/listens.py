"""Raw listens from the archive, each once, in the order in which they ended."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from batch.bulk.loaded import sealed_loads
from batch.cut import take_cut, wait_for_archive
from batch.raw_events import listens_before
from listens import erasures
from listens.codec import field_names
from listens.settings import Settings
from listens.store import Store
from listens.tables import Target, opened
from listens.windows import Span

STEPS = ("cut", "wait", "sort", "write")

ROWS_AT_ONCE = 50_000
"""Some 30 MB: what the export takes of memory outside Spark, whatever the archive's size."""

_HASHES = ("event_id", "song_id", "artist_id", "album_id")
_MOMENT = pa.timestamp("ms", "UTC")


@dataclass(frozen=True)
class Exported:
    """What was written, and what it holds: all before the offsets, and sealed bulk loads."""

    listens: int
    cut_seq: int
    offsets: dict[str, int]
    loads: list[int]


def export(
    spark: SparkSession,
    store: Store,
    *,
    settings: Settings,
    target: Target,
    span: Span,
    listener: str | None,
    tell: Callable[[str], None],
) -> Exported:
    """Write the listens of a span of days, and of one listener or of all.

    Spark sorts them into parts on the disk beside the target, from which they are then written.

    Raises:
        ArchiveBehindError: the archive doesn't cover what has been counted.
        PlaycountError: nothing has been counted yet, or the target can't be written.
    """
    tell("cut")
    cut_seq, cut = take_cut(store)
    loads = sealed_loads(store)
    tell("wait")
    wait_for_archive(store, cut, seconds=settings.batch_wait_seconds)
    listens = listens_before(
        spark,
        field_names(),
        settings=settings,
        cut=cut,
        span=None if span.is_all else span,
        unfinished=erasures.unfinished_at(cut_seq, erasures.known(store)),
        loads=loads,
    )
    if listener is not None:
        listens = listens.where(F.col("listener_id") == listener)
    beside = target.path.parent if target.path else None
    with tempfile.TemporaryDirectory(prefix=".playcount-export-", dir=beside) as folder:
        tell("sort")
        parts = f"{Path(folder).resolve().as_uri()}/parts"
        _shown(listens).orderBy("ended_at", "event_id").write.parquet(parts)
        tell("write")
        written = _write(Path(folder) / "parts", target)
    return Exported(written, cut_seq, dict(cut), sorted(loads))


def _shown(listens: DataFrame) -> DataFrame:
    return listens.select(*(_plain(name).alias(name) for name in field_names()))


def _plain(name: str) -> Column:
    if name in _HASHES:
        # An id is of sixteen bytes, also where an unfinished erasure tells two events apart.
        return F.lower(F.hex(F.substring(name, 1, 16)))
    # A number, as Parquet has several ways to write an instant.
    return F.unix_millis(name) if name == "ended_at" else F.col(name)


def _write(folder: Path, target: Target) -> int:
    files = [pq.ParquetFile(path) for path in sorted(folder.glob("part-*.parquet"))]
    schema = _with_moments(files[0].schema_arrow.empty_table()).schema
    rows = 0
    with opened(target, schema) as write:
        for table in _tables(files):
            write(table)
            rows += table.num_rows
    return rows


def _tables(files: list[Any]) -> Iterator[pa.Table]:
    for file in files:
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
            yield _with_moments(pa.Table.from_batches([batch]))


def _with_moments(table: pa.Table) -> pa.Table:
    place = table.schema.get_field_index("ended_at")
    moments = table["ended_at"].cast(_MOMENT)
    return table.set_column(place, pa.field("ended_at", _MOMENT), moments)
