"""What `playcount import` does, from the files named to the last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from ingestion import ledger, reports
from ingestion.balance import assumptions, balance_of
from ingestion.detect import recognise_all
from ingestion.histories import History
from ingestion.importing import Importer, dry_run
from ingestion.interruption import Interruption, interruptible
from ingestion.kafka_sink import open_sink
from ingestion.settling import (
    QUIET_REMARK,
    NotCountedError,
    wait_for_others,
    wait_until_settled,
)
from ingestion.sources import expand
from listens.errors import IntegrityError, UserMistakeError
from listens.identity import is_to_the_minute
from listens.rows.listener_names import checked_listener
from listens.rows.times import DateOrder
from listens.settings import Settings
from listens.store import Store, connect, ensure_indexes


@dataclass(frozen=True)
class Order:
    """What the user asked for.

    Attributes:
        listener: whose histories they are; None: their rows say it.
        wait_seconds: how long to wait for the counting; None: not at all.
        keep_overlap: send also what a format of another precision brought before.
        upload_id: of the upload over HTTP that brought the files, for the ledger.
    """

    paths: Sequence[Path]
    listener: str | None
    format_: str
    date_order: DateOrder | None
    wait_seconds: float | None
    json: bool
    keep_overlap: bool = False
    upload_id: str | None = None

    def __post_init__(self) -> None:
        if self.listener is not None:
            checked_listener(self.listener)


def run(order: Order, settings: Settings) -> None:
    """Import the files and say what became of each row.

    Nothing is sent before every file has been recognised.

    Raises:
        UserMistakeError: a file or name can't be used; nothing was sent.
        IntegrityError: a finished import doesn't balance.
        NotCountedError: the counting took longer than the user wants to wait.
    """
    # JSON has standard output to itself; what is for people goes beside it.
    notes = Console(stderr=True)
    console = notes if order.json else reports.wide_console()
    histories = recognised(order, notes)
    store = connect(settings)
    ensure_indexes(store)
    more = {"upload_id": order.upload_id} if order.upload_id else {}
    with interruptible() as interruption:
        with open_sink(settings) as sink:

            def importer(on_rows: Callable[[int], None]) -> Importer:
                return Importer(
                    settings, store, sink, order.listener, on_rows, interruption,
                    more=more, keep_overlap=order.keep_overlap,
                )  # fmt: skip

            import_ids = import_all(histories, importer, console, notes=notes)
        late = _wait(order, store, import_ids, notes, interruption)
    report(order, store, import_ids, console)
    if late:
        raise late


def run_dry(order: Order) -> None:
    """Show what would be sent and rejected; needs neither Kafka nor MongoDB."""
    console, notes = reports.wide_console(), Console(stderr=True)
    tallies = [(history, dry_run(history, order.listener)) for history in recognised(order, notes)]
    for history, tally in tallies:
        reports.print_rejections(console, history.source.name, tally.log)
    console.print(reports.dry_run_table(tallies))
    assumed = sum((tally.assumed for _, tally in tallies), Counter[str]())
    for sentence in assumptions(assumed):
        console.print(sentence, highlight=False, soft_wrap=True)


def recognised(order: Order, notes: Console) -> list[History]:
    """The histories among the files, account data last; what is left out is told.

    Raises:
        UserMistakeError: a file can't be used, or nothing says whose it is.
    """
    histories, left_out = recognise_all(
        expand(order.paths), format_=order.format_, date_order=order.date_order
    )
    for sentence in left_out:
        notes.print(f"left out: {sentence}", markup=False, highlight=False, soft_wrap=True)
    nameless = [each.source.name for each in histories if not each.has_listeners]
    if order.listener is None and nameless:
        raise UserMistakeError(
            f"{nameless[0]} doesn't say who listened; say it by --listener, such as --listener anna"
        )
    # Of one playback in two formats the first counts: that with seconds, which says more.
    return sorted(histories, key=lambda history: is_to_the_minute(history.format))


def import_all(
    histories: Sequence[History],
    importer: Callable[[Callable[[int], None]], Importer],
    console: Console,
    import_ids: Sequence[str | None] = (),
    *,
    notes: Console,
) -> list[str]:
    """Import one history after the other, and print what was rejected; their imports' ids.

    Args:
        histories: to be read.
        importer: made for each history from what is told how many more rows were read.
        console: for people.
        import_ids: the ids to be taken; none: new ones.
        notes: for what goes beside.
    """
    with progress_bar() as progress:
        return [
            _import_one(history, wanted_id, importer, progress, console, notes)
            for history, wanted_id in zip_longest(histories, import_ids)
        ]


def _import_one(
    history: History,
    wanted_id: str | None,
    importer: Callable[[Callable[[int], None]], Importer],
    progress: Progress,
    console: Console,
    notes: Console,
) -> str:
    task = progress.add_task(history.source.name, total=history.row_count)
    importing = importer(lambda rows: progress.advance(task, rows))
    if not importing.keep_overlap:
        wait_for_others(
            history, importing.listener_id, importing.store, notes=notes,
            interruption=importing.interruption,
            tell=lambda text: progress.update(task, description=text),
        )  # fmt: skip
    import_id, log = importing.import_history(history, wanted_id)
    reports.print_rejections(console, history.source.name, log)
    return import_id


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on standard error that goes away at its end."""
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
    with progress_bar() as progress:
        task = progress.add_task("counted imports", total=len(import_ids))
        try:
            wait_until_settled(
                store,
                import_ids,
                timeout_seconds=order.wait_seconds,
                on_settled=lambda settled: progress.update(task, completed=settled),
                on_quiet=lambda: notes.print(QUIET_REMARK),
                interruption=interruption,
            )
        except NotCountedError as error:
            return error
    return None


def report(order: Order, store: Store, import_ids: Sequence[str], console: Console) -> None:
    """Say what became of each row.

    Raises:
        IntegrityError: a finished import doesn't balance.
    """
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
