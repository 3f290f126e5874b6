"""What `playcount import` does, from the files named to the last line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ingestion import ledger, reports
from ingestion.balance import balance_of
from ingestion.detect import History, recognise_all
from ingestion.importing import Importer, dry_run
from ingestion.interruption import Interruption, interruptible
from ingestion.kafka_sink import open_sink
from ingestion.listener_names import checked_listener
from ingestion.settling import NotCountedError, wait_until_settled
from ingestion.sources import expand
from ingestion.times import DateOrder
from listens.errors import IntegrityError
from listens.settings import Settings
from listens.store import Store, connect, ensure_indexes


@dataclass(frozen=True)
class Order:
    """What the user asked for.

    Attributes:
        wait_seconds: how long to wait for the counting; None: not at all.
    """

    paths: Sequence[Path]
    listener: str
    format_: str
    date_order: DateOrder | None
    wait_seconds: float | None
    json: bool


def run(order: Order, settings: Settings) -> None:
    """Import the files and say what became of each row.

    Nothing is sent before every file has been recognised.

    Raises:
        UserMistakeError: a file or name can't be used; nothing was sent.
        IntegrityError: a finished import doesn't balance.
        NotCountedError: the counting took longer than the user wants to wait.
    """
    listener = checked_listener(order.listener)
    # JSON has standard output to itself; what is for people goes beside it.
    notes = Console(stderr=True)
    console = notes if order.json else reports.wide_console()
    histories = _recognised(order, notes)
    store = connect(settings)
    ensure_indexes(store)
    with interruptible() as interruption:
        import_ids = _send(histories, listener, settings, store, console, interruption)
        late = _wait(order, store, import_ids, notes, interruption)
    _report(order, store, import_ids, console)
    if late:
        raise late


def run_dry(order: Order) -> None:
    """Show what would be sent and rejected; needs neither Kafka nor MongoDB."""
    listener = checked_listener(order.listener)
    console, notes = reports.wide_console(), Console(stderr=True)
    tallies = [(history, dry_run(history, listener)) for history in _recognised(order, notes)]
    for history, tally in tallies:
        reports.print_rejections(console, history.source.name, tally.log)
    console.print(reports.dry_run_table(tallies))


def _recognised(order: Order, notes: Console) -> list[History]:
    histories, left_out = recognise_all(
        expand(order.paths), format_=order.format_, date_order=order.date_order
    )
    for sentence in left_out:
        notes.print(f"left out: {sentence}", markup=False, highlight=False, soft_wrap=True)
    return histories


def _send(
    histories: Sequence[History],
    listener: str,
    settings: Settings,
    store: Store,
    console: Console,
    interruption: Interruption,
) -> list[str]:
    import_ids = []
    with open_sink(settings) as sink, _progress() as progress:
        for history in histories:
            task = progress.add_task(history.source.name, total=history.row_count)
            importer = Importer(
                settings,
                store,
                sink,
                listener,
                lambda rows, task=task: progress.advance(task, rows),  # type: ignore[misc]
                interruption,
            )
            import_id, log = importer.import_history(history)
            import_ids.append(import_id)
            reports.print_rejections(console, history.source.name, log)
    return import_ids


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield progress


def _wait(
    order: Order,
    store: Store,
    import_ids: Sequence[str],
    notes: Console,
    interruption: Interruption,
) -> NotCountedError | None:
    if order.wait_seconds is None:
        ledger.settle(store)
        return None
    with _progress() as progress:
        task = progress.add_task("counted imports", total=len(import_ids))
        try:
            wait_until_settled(
                store,
                import_ids,
                timeout_seconds=order.wait_seconds,
                on_settled=lambda settled: progress.update(task, completed=settled),
                on_quiet=lambda: notes.print(
                    "nothing has been counted for a minute; does ./playcount status show the "
                    "speed layer running? ./playcount stream starts it"
                ),
                interruption=interruption,
            )
        except NotCountedError as error:
            return error
    return None


def _report(order: Order, store: Store, import_ids: Sequence[str], console: Console) -> None:
    entries = ledger.entries(store, import_ids)
    balance = balance_of(entries)
    if order.json:
        print(reports.as_json(entries, balance))
    else:
        console.print(reports.import_table(entries, with_ids=False))
        reports.print_balance(console, balance)
    if not balance.balanced:
        raise IntegrityError(
            "the import doesn't balance: rows were counted that weren't sent, or the other way "
            "round; keep the file and look at ./playcount imports and rejected_events"
        )
