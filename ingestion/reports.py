"""What an import tells the user: tables, sentences and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion.balance import Balance, is_balanced, is_settled, remarks, sentence
from ingestion.histories import History
from ingestion.importing import Tally
from ingestion.ledger import FAILED, INTERRUPTED
from ingestion.rejection_log import RejectionLog
from listens.rows.rejections import REASONS

Entry = Mapping[str, Any]
_NUMBERS = ("read", "new", "duplicate", "overlap", "pending", "rejected")


def wide_console() -> Console:
    """Standard output; a pipe or file has no edge at which a table must be cut."""
    console = Console()
    return console if console.is_terminal else Console(width=200)


def import_table(entries: Iterable[Entry], *, with_ids: bool) -> Table:
    """One line an import; with ids also when, whose and how far."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("import", "listener", "state") if with_ids else ():
        table.add_column(name, no_wrap=True)
    table.add_column("file", no_wrap=True)
    table.add_column("format", no_wrap=True)
    for name in _NUMBERS:
        table.add_column(name, justify="right")
    for entry in entries:
        lead = (
            (entry["_id"], entry["listener_id"] or "several", state_of(entry)) if with_ids else ()
        )
        cells = (*lead, entry["file"], entry["format"], *numbers(entry))
        table.add_row(*(escape(str(cell)) for cell in cells))
    return table


def numbers(entry: Entry) -> tuple[str, ...]:
    """The counts of one import as text; a dash for what isn't known yet."""
    settled = is_settled(entry)
    new, duplicate = (f"{entry['new']:,}", f"{entry['duplicate']:,}") if settled else ("–", "–")
    pending = 0 if settled else entry.get("sent", 0)
    return (
        f"{entry.get('read', 0):,}",
        new,
        duplicate,
        f"{entry.get('overlap', 0):,}",
        f"{pending:,}",
        f"{entry.get('rejected', 0):,}",
    )


def state_of(entry: Entry) -> str:
    """The state, with what to do about it."""
    if not is_balanced(entry):
        return "doesn't balance"
    if entry["state"] in (FAILED, INTERRUPTED):
        return f"{entry['state']}: import again"
    return str(entry["state"])


def print_rejections(console: Console, file: str, log: RejectionLog) -> None:
    """Each reason with its sentence and its first rows."""
    for reason, count in sorted(log.by_reason.items()):
        console.print(f"{escape(file)}: {count:,} rejected, {reason}: {REASONS[reason]}")
        for example in log.examples[reason]:
            raw = orjson.dumps(
                example.as_document()["raw"], default=str, option=orjson.OPT_NON_STR_KEYS
            )
            console.print(
                f"  row {example.row:,}: {escape(raw.decode())}", overflow="ellipsis", no_wrap=True
            )
    if log.total and log.path:
        console.print(f"  all of them are in {escape(str(log.path))}", soft_wrap=True)


def dry_run_table(tallies: Sequence[tuple[History, Tally]]) -> Table:
    """What an import would send."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("file", "format", "date order"):
        table.add_column(name, overflow="fold")
    for name in ("read", "to send", "rejected"):
        table.add_column(name, justify="right")
    for history, tally in tallies:
        rejected = tally.log.total
        table.add_row(
            escape(history.source.name),
            history.format,
            history.date_order or "",
            *(f"{count:,}" for count in (tally.read, tally.read - rejected, rejected)),
        )
    return table


def as_json(entries: Sequence[Entry], balance: Balance) -> str:
    """The imports and their sums, one JSON object."""
    document = {"imports": [public(entry) for entry in entries], **asdict(balance)}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def public(entry: Entry) -> dict[str, Any]:
    """An account as JSON gives it: `import_id` first, times in UTC."""
    rest = {key: _json_value(value) for key, value in entry.items() if key != "_id"}
    return {"import_id": entry["_id"], **rest, "balanced": is_balanced(entry)}


def _json_value(value: object) -> object:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def print_balance(console: Console, balance: Balance) -> None:
    """What the numbers rest on, and the last line, by which the user sees that no row is lost."""
    for remark in remarks(balance):
        console.print(remark, highlight=False, soft_wrap=True)
    console.print(sentence(balance), highlight=False, soft_wrap=True)
