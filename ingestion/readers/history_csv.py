"""`spotify_history.csv` and re-saved copies of it: any delimiter, header case and encoding."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, BinaryIO

from listens.errors import UserMistakeError
from listens.rows.details import PERSONAL_FIELDS
from listens.rows.names import known_name

_DELIMITERS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r"\ufeff?sep=[,;|\t]?", re.IGNORECASE)

_TITLES = ("master_metadata_track_name", "episode_name", "audiobook_title")


@dataclass(frozen=True)
class Table:
    """How one file's lines are to be read.

    Attributes:
        delimiter: between cells.
        encoding: Python's name.
        columns: the known name of each column; other columns keep their own.
    """

    delimiter: str
    encoding: str
    columns: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The needed columns that the header doesn't have."""
        lacking = [name for name in ("ts", "ms_played") if name not in self.columns]
        if not any(name in self.columns for name in _TITLES):
            lacking.append("track_name")
        return tuple(lacking)


def table_of(header: str, encoding: str) -> Table:
    """The table under a header line; the delimiter that makes most known columns wins."""
    tables = [Table(mark, encoding, _columns(header, mark)) for mark in _DELIMITERS]
    return min(tables, key=lambda table: (len(table.missing), -len(table.columns)))


def _columns(header: str, delimiter: str) -> tuple[str, ...]:
    cells = next(csv.reader([header], delimiter=delimiter), [])
    return tuple(known_name(cell) for cell in cells)


def header_line(text: str) -> str:
    """The first line that isn't empty, nor the `sep=;` by which Excel names its delimiter."""
    lines = (line for line in text.splitlines() if line.strip() and not _SEP_LINE.fullmatch(line))
    return next(lines, "")


def records(stream: BinaryIO, table: Table) -> Iterator[list[str]]:
    """The cells of every record below the header; empty lines are none.

    Python's own tokeniser, since each record must be accounted for: pandas' C reader can't tell
    a line that is cut off from one with empty cells, and its Python reader loses the last record
    when a quote isn't closed.

    Raises:
        UserMistakeError: a quote is opened and not closed for 128 kB.
    """
    errors = "replace" if table.encoding.startswith("utf-16") else "surrogateescape"
    text = io.TextIOWrapper(stream, encoding=table.encoding, errors=errors, newline="")
    cells = csv.reader(text, delimiter=table.delimiter)
    below_header = False
    try:
        for record in cells:
            if below_header and record:
                yield record
            elif record and not _SEP_LINE.fullmatch(table.delimiter.join(record)):
                below_header = True
    except csv.Error as error:
        raise UserMistakeError(
            f"the table can't be read after line {cells.line_num:,} ({error}); look there for a "
            "quote that is opened and never closed, or save the table as CSV again"
        ) from error
    finally:
        text.detach()


def rows(stream: BinaryIO, table: Table, known: tuple[str, ...]) -> Iterator[tuple[int, Any]]:
    """Every record, numbered from 1, with the known columns only.

    A record of the wrong width is yielded as one text: which cell is which can't be told.
    """
    width = len(table.columns)
    wanted = {name: index for index, name in enumerate(table.columns) if name in known}
    names, pick = tuple(wanted), itemgetter(*wanted.values())
    for number, record in enumerate(records(stream, table), start=1):
        if len(record) == width:
            yield number, dict(zip(names, pick(record), strict=True))
        else:
            yield number, _misfit(record, table, known)


def _misfit(record: list[str], table: Table, known: tuple[str, ...]) -> str:
    # A column that isn't known may hold an address or a name, and here any cell may be its.
    if not set(table.columns) <= set(known) - PERSONAL_FIELDS:
        return f"{len(record)} cells instead of {len(table.columns)}"
    return table.delimiter.join(record)
