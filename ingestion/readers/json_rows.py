"""A JSON list of rows, whole or cut off, in any encoding."""

from __future__ import annotations

import json
import re
from typing import Any, BinaryIO

import orjson

MAX_JSON_BYTES = 512 << 20
"""A JSON list is held in memory as a whole; exports write files of about 12 MB."""

ROWS_LOOKED_AT = 100
"""Rows by whose keys a list is recognised."""

_BETWEEN = re.compile(r"[\s,]*")


class BrokenJsonError(ValueError):
    """Text that begins as JSON and doesn't end as such.

    Attributes:
        rows: complete elements of the list before the break.
        byte: where the first incomplete element begins, counted in UTF-8.
        seen: the complete elements, the first `ROWS_LOOKED_AT`.
    """

    def __init__(self, rows: int, byte: int, seen: list[Any]) -> None:
        super().__init__(f"broken after {rows} rows, at byte {byte}")
        self.rows, self.byte, self.seen = rows, byte, seen


def load(stream: BinaryIO, encoding: str) -> object:
    """The JSON value of a whole file.

    Raises:
        BrokenJsonError: it's cut off or damaged.
    """
    data = stream.read()
    if encoding != "utf-8":
        data = data.decode(encoding, "surrogateescape").encode("utf-8", "surrogateescape")
    try:
        value: object = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = _load_leniently(data.decode("utf-8", "surrogateescape"))
    return value


def _load_leniently(text: str) -> object:
    """Also lone surrogates, damaged bytes and NaN: these spoil one row, not the file."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(text) from error
    return value


def _broken(text: str) -> BrokenJsonError:
    decoder, rows, seen = json.JSONDecoder(), 0, []
    position = _after(text, len(text) - len(text.lstrip()) + 1)
    while position < len(text):
        try:
            row, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        rows += 1
        if rows <= ROWS_LOOKED_AT:
            seen.append(row)
        position = _after(text, end)
    return BrokenJsonError(rows, len(text[:position].encode("utf-8", "surrogatepass")), seen)


def _after(text: str, position: int) -> int:
    found = _BETWEEN.match(text, position)
    return found.end() if found else position
