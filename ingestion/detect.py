"""Which listening history a file is: told by what is in it, never by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from ingestion import encodings
from ingestion.date_order import decided
from ingestion.normalise import KNOWN_FIELDS
from ingestion.readers import account_json, extended_json, history_csv
from ingestion.readers.json_rows import MAX_JSON_BYTES, ROWS_LOOKED_AT, BrokenJsonError, load
from ingestion.rejections import shortened
from ingestion.sources import Source
from ingestion.times import DateOrder, DateOrderEvidence
from listens.errors import UserMistakeError

FORMATS = {
    "extended": "extended streaming history (JSON)",
    "account": "account data (JSON)",
    "csv": "spotify_history.csv or a copy of it",
}
"""Format → what it is. A listen's `source` is one of these."""

Rows = Iterator[tuple[int, Any]]

_MAGICS = (
    (b"%PDF", "a PDF document"),
    (b"PK", "an archive inside an archive"),
    (b"\x1f\x8b", "a gzip file inside an archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"<", "a web page or XML"),
)


class NoHistoryError(UserMistakeError):
    """A file that is something else; left out when it came along with a folder or archive."""


@dataclass(frozen=True)
class History:
    """A file that was recognised as a whole, and can be read.

    Attributes:
        source: where it is.
        format: one of `FORMATS`.
        size: unpacked bytes.
        sha256: of the unpacked bytes.
        row_count: records, good and bad.
        date_order: of a table whose dates have the year last.
        rows: reads the records again from the beginning.
    """

    source: Source
    format: str
    size: int
    sha256: str
    row_count: int
    date_order: DateOrder | None
    rows: Callable[[], Rows]


def recognise_all(
    sources: Iterable[Source], *, format_: str, date_order: DateOrder | None
) -> tuple[list[History], list[str]]:
    """The histories among some files, and a sentence for each file left out.

    Raises:
        UserMistakeError: a file that the user named is no history, one is damaged, or none is
            a history.
    """
    histories, left_out = [], []
    for source in sources:
        try:
            histories.append(recognise(source, format_=format_, date_order=date_order))
        except NoHistoryError as error:
            if source.named:
                raise
            left_out.append(str(error))
    if not histories:
        raise UserMistakeError(
            "no listening history among the files" + "".join(f"\n  {line}" for line in left_out)
        )
    return histories, left_out


def recognise(source: Source, *, format_: str, date_order: DateOrder | None) -> History:
    """Look at one file as a whole.

    Raises:
        NoHistoryError: it's something else; the message says what was found.
        UserMistakeError: it's cut off, of another format than the user said, or its dates are
            ambiguous.
    """
    with source.open() as stream:
        scan = encodings.scan(stream)
    text = scan.head.decode(scan.encoding, "replace").lstrip("\ufeff \t\r\n")
    if not text:
        raise NoHistoryError(f"{source.name} is empty")
    if found := _binary(scan.head, scan.encoding):
        raise NoHistoryError(f"{source.name} is no listening history but {found}")
    if text[0] in "[{":
        history = _recognise_json(source, scan)
    else:
        history = _recognise_csv(source, scan, text, date_order)
    if format_ not in ("auto", history.format):
        raise UserMistakeError(
            f"{source.name} holds {FORMATS[history.format]}, not {FORMATS[format_]}; "
            f"leave --format out, or say --format {history.format}"
        )
    return history


def _binary(head: bytes, encoding: str) -> str | None:
    for magic, what in _MAGICS:
        if head.startswith(magic):
            return what
    return "binary data" if b"\0" in head[:4096] and not encoding.startswith("utf-16") else None


def _recognise_json(source: Source, scan: encodings.Scan) -> History:
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
    if not isinstance(value, list):
        raise NoHistoryError(f"{source.name} is no listening history but {_described(value)}")
    if not value:
        raise NoHistoryError(f"{source.name} is a list without any row")
    if (found := _json_format(value)) is None:
        raise NoHistoryError(f"{source.name} is no listening history but {_described(value)}")
    reader = {"extended": extended_json.rows, "account": account_json.rows}[found]

    def rows() -> Rows:
        with source.open() as stream:
            elements = load(stream, scan.encoding)
        return reader(elements if isinstance(elements, list) else [])

    return History(source, found, scan.size, scan.sha256, len(value), None, rows)


def _json_format(elements: list[Any]) -> str | None:
    """Told by the keys of the first hundred rows, since a broken row may lack any of them."""
    for element in elements[:ROWS_LOOKED_AT]:
        if isinstance(element, dict) and element.keys() >= extended_json.REQUIRED_KEYS:
            return "extended"
        if isinstance(element, dict) and element.keys() >= account_json.REQUIRED_KEYS:
            return "account"
    return None


def _broken(source: Source, error: BrokenJsonError) -> UserMistakeError:
    if _json_format(error.seen) is None:
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


def _recognise_csv(
    source: Source, scan: encodings.Scan, text: str, date_order: DateOrder | None
) -> History:
    header = history_csv.header_line(text)
    table = history_csv.table_of(header, scan.encoding)
    if table.missing:
        raise NoHistoryError(
            f"{source.name} is no listening history: its first line is "
            f"{shortened(header[:120])!r}, without a column for {', '.join(table.missing)}"
        )
    evidence, row_count = DateOrderEvidence(), 0
    when = table.columns.index("ts")
    with source.open() as stream:
        for record in _records(source, stream, table):
            row_count += 1
            if len(record) > when:
                evidence.add(record[when])
    if not row_count:
        raise NoHistoryError(f"{source.name} has a header line and no row")
    order = decided(source.name, evidence, asked=date_order)

    def rows() -> Rows:
        with source.open() as stream:
            yield from history_csv.rows(stream, table, KNOWN_FIELDS)

    return History(source, "csv", scan.size, scan.sha256, row_count, order, rows)


def _records(source: Source, stream: BinaryIO, table: history_csv.Table) -> Iterator[list[str]]:
    try:
        yield from history_csv.records(stream, table)
    except UserMistakeError as error:
        raise UserMistakeError(f"{source.name}: {error}") from error
