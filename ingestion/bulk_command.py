"""What `playcount import --bulk` does: parts of messages here, then a job of the batch layer.

The import law keeps Spark out of this folder: the job is a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from rich.console import Console

from ingestion import ledger, reports
from ingestion.histories import History
from ingestion.import_command import (
    Order,
    import_all,
    progress_bar,
    recognised,
    report,
)
from ingestion.importing import Importer
from ingestion.interruption import interruptible
from ingestion.part_files import PartSink
from ingestion.part_folders import PartFolder, part_folder
from ingestion.settling import wait_for_others
from listens import bulk_loads
from listens.errors import PlaycountError
from listens.identity import is_to_the_minute
from listens.settings import CHECKOUT, Settings
from listens.store import Document, Store, connect, ensure_indexes

_NOTHING: dict[str, Any] = {"counts": {}, "events": 0}


class LoadStoppedError(PlaycountError):
    """The job that loads the staged rows ended early; they are kept, and it can go on."""


def run(order: Order, settings: Settings) -> None:
    """Load the files past Kafka and say what became of each row.

    The same files again go on with a load that was stopped, or else add nothing.

    Raises:
        UserMistakeError: a file or name can't be used; nothing was staged.
        LoadStoppedError: everything is staged, but wasn't loaded to its end.
        IntegrityError: the import doesn't balance.
    """
    load_histories(recognised(order, Console(stderr=True)), order, settings)


def load_histories(histories: Sequence[History], order: Order, settings: Settings) -> None:
    """Load histories that were recognised already, or were never in a file.

    Raises:
        LoadStoppedError: everything is staged, but wasn't loaded to its end.
        IntegrityError: the import doesn't balance.
    """
    notes = Console(stderr=True)
    console = notes if order.json else reports.wide_console()
    store = connect(settings)
    ensure_indexes(store)
    _discard_abandoned(store, settings)
    import_ids: list[str] = []
    for group in _comparable(histories, order):
        load = _same_load(store, order.listener, group)
        if load is None:
            load = _stage(group, order, settings, store, console, notes)
        else:
            notes.print(
                f"going on with bulk load {load['_id']}, which was stopped when {load['state']}"
            )
        if load["rows"]:
            _load(load["_id"], settings)
        ledger.settle(store)
        import_ids += [file["import_id"] for file in load["files"]]
    report(order, store, import_ids, console)
    notes.print("charts show what is new after the next batch: ./playcount batch run")


def _comparable(histories: Sequence[History], order: Order) -> list[list[History]]:
    """The histories of each load: what account data overlaps with is loaded before."""
    if order.keep_overlap:
        return [[*histories]]
    grouped = groupby(histories, lambda history: is_to_the_minute(history.format))
    return [[*group] for _, group in grouped]


def _same_load(store: Store, listener: str | None, histories: Sequence[History]) -> Document | None:
    """The unfinished load of the same files."""
    wanted = _content(_files(histories))
    staged = bulk_loads.in_state(store, bulk_loads.STAGED, *bulk_loads.UNDER_WAY)
    same = (
        load
        for load in staged
        if load["listener_id"] == listener and _content(load["files"]) == wanted
    )
    return next(same, None)


def _files(histories: Sequence[History]) -> list[dict[str, Any]]:
    return [
        {
            "import_id": ledger.new_import_id(datetime.now(UTC)),
            "sha256": history.sha256,
            "format": history.format,
            "date_order": history.date_order,
        }
        for history in histories
    ]


def _content(files: Sequence[Document]) -> list[tuple[Any, ...]]:
    return sorted((file["sha256"], file["format"], file["date_order"] or "") for file in files)


def _stage(
    histories: Sequence[History],
    order: Order,
    settings: Settings,
    store: Store,
    console: Console,
    notes: Console,
) -> Document:
    files = _files(histories)
    # Before anything is written: a folder that can't be used is told while nothing is there.
    _folder(settings, 0)
    if not order.keep_overlap:
        # Nor may a load be silent while it waits: it would be taken for dead.
        _wait_for_others(histories[0], order.listener, store, notes)
    number = bulk_loads.begin(store, listener_id=order.listener, files=files)
    folder = _folder(settings, number)
    sink = PartSink(folder)
    try:
        folder.make()
        with interruptible() as interruption:

            def importer(on_rows: Callable[[int], None]) -> Importer:
                return Importer(
                    settings, store, sink, order.listener, on_rows, interruption,
                    sent=ledger.STAGED, more={"bulk_load": number},
                    keep_overlap=order.keep_overlap,
                )  # fmt: skip

            import_ids = [file["import_id"] for file in files]
            import_all(histories, importer, console, import_ids, notes=notes)
    except BaseException:
        _discard(store, settings, number, files)
        raise
    rows = sink.written
    # Where every row was rejected, there's nothing to load.
    facts = {"to": bulk_loads.STAGED} if rows else {"to": bulk_loads.SEALED, **_NOTHING}
    if not bulk_loads.advance(store, number, after=bulk_loads.STAGING, rows=rows, **facts):
        raise LoadStoppedError(
            f"bulk load {number} was silent for a minute and is taken for dead; import it again"
        )
    return {"_id": number, "files": files, "rows": rows}


def _wait_for_others(history: History, listener: str | None, store: Store, notes: Console) -> None:
    with interruptible() as interruption, progress_bar() as progress:
        task = progress.add_task(history.source.name, total=None)
        wait_for_others(
            history, listener, store, interruption=interruption, notes=notes,
            tell=lambda text: progress.update(task, description=text),
        )  # fmt: skip


def _load(number: int, settings: Settings) -> None:
    """Run the batch layer's part; its words go to standard error."""
    command = [sys.executable, str(CHECKOUT / "playcount"), "batch", "load", str(number)]
    command += ["--submit"] if settings.is_cluster else []
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if ended.returncode:
        raise LoadStoppedError(
            f"bulk load {number} isn't finished; its rows are staged, and nothing is lost. It goes "
            "on by the same command again"
        )


def _discard_abandoned(store: Store, settings: Settings) -> None:
    """Forget loads that were killed while they were staged."""
    silent = datetime.now(UTC) - ledger.STALE_AFTER
    for load in bulk_loads.in_state(store, bulk_loads.STAGING):
        accounts = ledger.entries(store, [file["import_id"] for file in load["files"]])
        if max(each["touched_at"] for each in (load, *accounts)) < silent:
            _discard(store, settings, load["_id"], load["files"])


def _discard(store: Store, settings: Settings, number: int, files: Sequence[Document]) -> None:
    _folder(settings, number).remove()
    ids = [file["import_id"] for file in files]
    ledger.interrupted(store, ids, why="interrupted while it was staged; import it again")
    bulk_loads.discard(store, number)


def _folder(settings: Settings, number: int) -> PartFolder:
    return part_folder(bulk_loads.parts_uri(settings, number), settings)
