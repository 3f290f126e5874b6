"""A command of the batch layer on YARN, waited for from here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

import pymongo
from pymongo.errors import PyMongoError
from rich.console import Console

from batch import orders
from listens.cluster.submit import ApplicationFailedError, Job, submit, wait
from listens.cluster.yarn import Application
from listens.settings import Settings
from listens.store import Document, Store, connect, ensure_indexes

ANSWER_SECONDS = 2
"""How long progress waits for MongoDB; the result waits longer."""


class CommandFailedError(ApplicationFailedError):
    """The command ended on YARN with an error of its own: the message and exit status are its."""

    def __init__(self, message: str, *, exit_status: int) -> None:
        super().__init__(message)
        self.exit_code = exit_status


def run(name: str, arguments: Sequence[str], settings: Settings) -> Document:
    """Submit a command of the batch layer, and give its result.

    Ctrl-C only ends the waiting: the job goes on.

    Args:
        name: what YARN shows after `playcount`.
        arguments: of `./playcount`; they may name a listener.
        settings: of this installation.

    Raises:
        CommandFailedError: the command failed there as it would have failed here.
        ApplicationFailedError: the application ended without a word of the command.
        ServiceDownError: YARN, HDFS or MongoDB doesn't answer.
    """
    store = connect(settings)
    ensure_indexes(store)
    order = orders.place(store, arguments)
    job = Job(f"playcount {name}", "batch/job.py", ("--order", order), order=order)
    console = Console(stderr=True)
    with console.status("submitting") as status:
        try:
            app = submit(job, settings)
        except BaseException:
            orders.forget(store, order)
            raise
        console.print(f"[dim]{app.id} {app.tracking_url}[/dim]", highlight=False)
        shown = 0

        def tell(_before: Application, now: Application) -> None:
            nonlocal shown
            status.update(f"{name}: {now.state.lower()} for {now.elapsed_seconds:.0f} s")
            with suppress(PyMongoError), pymongo.timeout(ANSWER_SECONDS):
                steps = orders.state(store, order).get("steps", [])
                for line in steps[shown:]:
                    console.print(f"[dim]{line}[/dim]", highlight=False)
                shown = len(steps)

        tell(app, app)
        try:
            app = wait(app, settings, tell=tell)
        except KeyboardInterrupt:
            console.print(f"it goes on as {app.id}; this only ends the waiting", highlight=False)
            raise
    return _result(store, order, app)


def _result(store: Store, order: str, app: Application) -> Document:
    ended = orders.state(store, order)
    orders.forget(store, order)
    if ended.get("error"):
        raise CommandFailedError(ended["error"], exit_status=ended["exit_status"])
    if "exit_status" not in ended or "result" not in ended:
        raise ApplicationFailedError(
            f"{app.id} ended {app.final_status} in the midst of the work: {app.diagnostics}; "
            f"its log: {app.tracking_url}"
        )
    result: Document = json.loads(ended["result"])
    return result
