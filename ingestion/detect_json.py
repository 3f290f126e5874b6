"""Which listening history a JSON file is: a list, an envelope around lists, or JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion import encodings
from ingestion.histories import History, NoHistoryError, Rows
from ingestion.readers import json_lines
from ingestion.readers.json_formats import elements_of, format_of, format_of_lines, rows_of
from ingestion.readers.json_rows import MAX_JSON_BYTES, BrokenJsonError, load
from ingestion.sources import Source
from listens.errors import UserMistakeError
from listens.rows.names import known_name
from listens.rows.rejections import shortened


def recognise_json(source: Source, scan: encodings.Scan, text: str) -> History:
    """The history in a file whose `text` begins as JSON.

    Raises:
        NoHistoryError: it's something else.
        UserMistakeError: it's cut off, or too large to be read as a whole.
    """
    if text.startswith("{"):
        first = json_lines.first_records(text)
        if found := format_of_lines(first):
            return _of_lines(source, scan, found, has_listeners=found == "jsonl" and _named(first))
    if scan.size > MAX_JSON_BYTES:
        raise UserMistakeError(
            f"{source.name} is larger than {MAX_JSON_BYTES >> 20} MiB, too much for one JSON "
            "list; import the export's own files instead of a joined one"
        )
    try:
        with source.open() as stream:
            value = load(stream, scan.encoding)
    except BrokenJsonError as error:
        raise _broken(source, error) from error
    elements = elements_of(value)
    if elements is not None and not elements:
        raise NoHistoryError(f"{source.name} is a list without any row")
    if elements is None or (found := format_of(elements)) is None:
        raise NoHistoryError(f"{source.name} is no listening history but {_described(value)}")

    def rows() -> Rows:
        with source.open() as stream:
            again = elements_of(load(stream, scan.encoding))
        return rows_of(found, again or [])

    return History(source, found, scan.size, scan.sha256, len(elements), None, rows)


def _named(records: list[object]) -> bool:
    """Whether rows of our own say who listened."""
    keys = [{known_name(key) for key in each} for each in records if isinstance(each, dict)]
    return any("listener" in each for each in keys)


def _of_lines(source: Source, scan: encodings.Scan, found: str, *, has_listeners: bool) -> History:
    def records() -> Iterator[Any]:
        with source.open() as stream:
            yield from json_lines.records(stream, scan.encoding)

    def rows() -> Rows:
        return rows_of(found, records())

    count = sum(1 for _ in records())
    return History(
        source, found, scan.size, scan.sha256, count, None, rows, has_listeners=has_listeners
    )


def _broken(source: Source, error: BrokenJsonError) -> UserMistakeError:
    if format_of(elements_of(error.seen) or []) is None:
        return NoHistoryError(f"{source.name} is no listening history: JSON that can't be read")
    return UserMistakeError(
        f"{source.name} is cut off or damaged at byte {error.byte:,}, after {error.rows:,} "
        "complete rows; nothing was imported: download or copy it again"
    )


def _described(value: object) -> str:
    first = value[0] if isinstance(value, list) and value else value
    kind = "a JSON list of" if isinstance(value, list) else "JSON,"
    if isinstance(first, dict):
        keys = ", ".join(shortened(str(key)) for key in list(first)[:8])
        return f"{kind} records with the keys {keys}"
    return f"{kind} {type(first).__name__} values"
