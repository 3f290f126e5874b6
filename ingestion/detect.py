"""Which listening history a file is: told by what is in it, never by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ingestion import encodings
from ingestion.date_order import decided
from ingestion.detect_json import recognise_json
from ingestion.histories import FORMATS, History, NoHistoryError, Rows
from ingestion.readers import history_avro, history_csv, lastfm
from ingestion.sources import Source
from listens.errors import UserMistakeError
from listens.rows.normalise import KNOWN_FIELDS
from listens.rows.rejections import shortened
from listens.rows.times import DateOrder, DateOrderEvidence

_MAGICS = (
    (b"%PDF", "a PDF document"),
    (b"PK", "an archive inside an archive"),
    (b"\x1f\x8b", "a gzip file inside an archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"<", "a web page or XML"),
)


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
    is_avro = scan.head.startswith(history_avro.MAGIC)
    if not is_avro and (found := _binary(scan.head, scan.encoding)):
        raise NoHistoryError(f"{source.name} is no listening history but {found}")
    if is_avro:
        history = _recognise_avro(source, scan)
    elif text[0] in "[{":
        history = recognise_json(source, scan, text)
    else:
        history = _recognise_table(source, scan, text, date_order)
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


def _recognise_avro(source: Source, scan: encodings.Scan) -> History:
    with source.open() as stream:
        try:
            fields, count = history_avro.fields_and_count(stream)
        except history_avro.BrokenAvroError as error:
            raise UserMistakeError(f"{source.name}: {error}") from error
    if not fields >= history_avro.REQUIRED_FIELDS:
        raise NoHistoryError(
            f"{source.name} is no listening history but Avro records with the fields "
            f"{', '.join(map(shortened, sorted(fields)[:8]))}"
        )

    def rows() -> Rows:
        with source.open() as stream:
            yield from history_avro.rows(stream)

    return History(source, "avro", scan.size, scan.sha256, count, None, rows, has_listeners=True)


def _recognise_table(
    source: Source, scan: encodings.Scan, text: str, date_order: DateOrder | None
) -> History:
    header = history_csv.header_line(text)
    table = history_csv.table_of(header, scan.encoding)
    if not table.missing:
        return _history_csv(source, scan, table, date_order)
    if lastfm.COLUMNS.issubset(table.columns):
        return _lastfm_csv(source, scan, table)
    raise NoHistoryError(
        f"{source.name} is no listening history: its first line is "
        f"{shortened(header[:120])!r}, without a column for {', '.join(table.missing)}"
    )


def _history_csv(
    source: Source,
    scan: encodings.Scan,
    table: history_csv.Table,
    date_order: DateOrder | None,
) -> History:
    evidence = DateOrderEvidence()
    when = table.columns.index("ts")
    row_count = 0
    with source.open() as stream:
        for record in _records(source, stream, table):
            row_count += 1
            if len(record) > when:
                evidence.add(record[when])
    _refuse_empty(source, row_count)
    order = decided(source.name, evidence, asked=date_order)

    def rows() -> Rows:
        with source.open() as stream:
            yield from history_csv.rows(stream, table, KNOWN_FIELDS)

    named = "listener" in table.columns
    return History(
        source, "csv", scan.size, scan.sha256, row_count, order, rows, has_listeners=named
    )


def _lastfm_csv(source: Source, scan: encodings.Scan, table: history_csv.Table) -> History:
    with source.open() as stream:
        row_count = sum(1 for _ in _records(source, stream, table))
    _refuse_empty(source, row_count)

    def rows() -> Rows:
        with source.open() as stream:
            for number, cells in history_csv.rows(stream, table, lastfm.TAKEN):
                yield number, lastfm.row_of_table(cells) if isinstance(cells, dict) else cells

    return History(source, "lastfm", scan.size, scan.sha256, row_count, None, rows)


def _refuse_empty(source: Source, row_count: int) -> None:
    if not row_count:
        raise NoHistoryError(f"{source.name} has a header line and no row")


def _records(source: Source, stream: BinaryIO, table: history_csv.Table) -> Iterator[list[str]]:
    try:
        yield from history_csv.records(stream, table)
    except UserMistakeError as error:
        raise UserMistakeError(f"{source.name}: {error}") from error
