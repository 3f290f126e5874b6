"""JSON Lines: a record a line, read one after the other."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

import orjson

from ingestion.readers.json_rows import ROWS_LOOKED_AT


def first_records(text: str) -> list[object]:
    """The first records of what may be JSON Lines: nothing where the first line is no whole one."""
    lines = [line for line in islice(text.split("\n"), ROWS_LOOKED_AT) if line.strip()]
    if not lines or not lines[0].rstrip().endswith("}"):
        return []
    return [_record(line) for line in lines]


def records(stream: BinaryIO, encoding: str) -> Iterator[object]:
    """The record of each line that isn't empty; of a line that is none, how long it is.

    The line itself may hold an address or a name.
    """
    text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="\n")
    try:
        for line in text:
            if line.strip():
                yield _record(line)
    finally:
        text.detach()


def _record(line: str) -> object:
    try:
        value: object = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = _leniently(line)
    return value


def _leniently(line: str) -> object:
    """Also with damaged bytes and NaN: these spoil a field, not the record."""
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        value = f"{len(line.strip())} characters that are no JSON"
    return value
