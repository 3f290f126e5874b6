"""Tables as files: CSV, JSON Lines or Parquet, written beside the target and renamed at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from listens.errors import PlaycountError, UserMistakeError

INSTANT = "%Y-%m-%dT%H:%M:%SZ"
"""An instant in CSV; Arrow's seconds have their fraction."""

Write = Callable[[pa.Table], None]


@dataclass(frozen=True)
class Target:
    """Where a table goes: a file of a form, or CSV on standard output."""

    form: str = "csv"
    path: Path | None = None


def target_of(*, csv: Path | None, jsonl: Path | None, parquet: Path | None) -> Target:
    """The one target that was asked for; standard output where none was.

    Raises:
        UserMistakeError: several were, or there's no folder for it.
    """
    asked = {"csv": csv, "jsonl": jsonl, "parquet": parquet}
    targets = [Target(form, path) for form, path in asked.items() if path]
    if len(targets) > 1:
        raise UserMistakeError("give one of --csv, --jsonl and --parquet")
    for target in targets:
        if target.path and (not target.path.parent.is_dir() or target.path.is_dir()):
            raise UserMistakeError(f"{target.path} can't be a file: look at its folder")
    return targets[0] if targets else Target()


@contextmanager
def opened(target: Target, schema: pa.Schema) -> Iterator[Write]:
    """What takes the rows, table by table; nothing is at the target unless all went well.

    `schema` has numbers, texts, truths and instants.

    Raises:
        PlaycountError: it can't be written.
    """
    if target.path is None:
        with written(target.form, sys.stdout.buffer, schema) as write:
            yield write
        sys.stdout.flush()
        return
    partial = target.path.with_name(f".{target.path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            with written(target.form, file, schema) as write:
                yield write
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target.path)
    except OSError as error:
        raise PlaycountError(f"can't write {target.path}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def written(form: str, file: BinaryIO, schema: pa.Schema) -> Iterator[Write]:
    """What takes the rows and writes them to a file in a form: csv, jsonl or parquet."""
    if form == "parquet":
        with pq.ParquetWriter(file, schema, compression="zstd") as parquet:
            yield parquet.write_table
    elif form == "jsonl":
        yield lambda table: _write_lines(file, table)
    else:
        texts = pa.schema([_in_csv(field) for field in schema])
        with pyarrow.csv.CSVWriter(file, texts) as csv:
            yield lambda table: csv.write_table(_with_texts(table, texts))


def _write_lines(file: BinaryIO, table: pa.Table) -> None:
    options = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    file.writelines(orjson.dumps(row, option=options) for row in table.to_pylist())


def _in_csv(field: pa.Field) -> pa.Field:
    return field.with_type(pa.string()) if pa.types.is_timestamp(field.type) else field


def _with_texts(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns: list[Any] = [
        pc.strftime(column, format=INSTANT) if pa.types.is_timestamp(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, schema=schema)
