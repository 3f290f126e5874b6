"""What every command of the batch layer that needs Spark has in common: where it runs, its steps.

In the profile cluster the command places an order, and a job on YARN runs the very same command
again (batch/job.py); elsewhere, and within that job, it works in its own process.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from batch.orders import REPORTER, Reporter

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from listens.settings import Settings
    from listens.store import Document, Store

STANDARD_OUTPUT, STANDARD_ERROR = 1, 2

SHUFFLE_PARTITIONS = 64
"""In so many parts, 50 million events fit the memory of tasks; Spark joins parts that are small."""

_FREE_SHUFFLES = "spark.sql.classic.shuffleDependency.fileCleanup.enabled"
"""What a job has shuffled leaves the disk when it ends, not when the driver happens to collect
garbage: the next months' charts need the room."""

_IN_PROCESS = {"spark_master": "local[2]"}

SUBMIT = typer.Option(
    None,
    "--submit/--no-submit",
    help="Run it on YARN in cluster mode and wait for it, or in this process; without either, on "
    "YARN in the profile cluster.",
    show_default=False,
)


@dataclass(frozen=True)
class Command:
    """What a command works with.

    Attributes:
        store, settings: of this installation.
        tell: called with the name of each step as it begins, and after a colon with how far it is.
        spark: gives the session; the first call starts it, which takes some ten seconds.
    """

    store: Store
    settings: Settings
    tell: Callable[[str], None]
    spark: Callable[[], SparkSession]


@dataclass(frozen=True)
class Work:
    """What a command does with Spark.

    Attributes:
        name: for those who watch it.
        arguments: of `./playcount`, which ask a job on YARN for the same.
        steps: their names, in order.
        do: does it here, and gives the result; `json` can write it.
    """

    name: str
    arguments: tuple[str, ...]
    steps: tuple[str, ...]
    do: Callable[[Command], Document]


def outcome(work: Work, *, submit: bool | None) -> Document:
    """Do the work on YARN or here; its result, the same wherever it came from.

    Raises:
        PlaycountError: what the work raises, with its exit status, also from YARN.
    """
    from listens.settings import load_settings

    settings, reporter = load_settings(), REPORTER.get()
    if runs_on_yarn(settings, submit=submit):
        from batch import submitted

        return submitted.run(work.name, work.arguments, settings)
    with _command(work, settings, reporter or Reporter()) as started:
        result: dict[str, Any] = json.loads(json.dumps(work.do(started), default=str))
    if reporter:
        reporter.result(result)
    return result


def runs_on_yarn(settings: Settings, *, submit: bool | None) -> bool:
    """Whether a command has to submit its work; a job on YARN is there already."""
    if REPORTER.get() is not None:
        return False
    return settings.is_cluster if submit is None else submit


def _where(settings: Settings) -> Settings:
    """For Spark on the master that is named; without one, within this process.

    In the profile cluster spark-submit has named it, and else HDFS is read by its URIs.
    """
    return settings if settings.spark_master else settings.model_copy(update=_IN_PROCESS)


@contextmanager
def _command(work: Work, settings: Settings, reporter: Reporter) -> Iterator[Command]:
    """What the work needs, with its steps shown; a session that was started is stopped."""
    from rich.console import Console

    from listens.aggregation.session import spark_session
    from listens.store import connect

    console = Console(stderr=True)
    logging.basicConfig(level=logging.WARNING)
    started: list[SparkSession] = []
    with console.status(work.name) as status:
        began = time.monotonic()

        def tell(step: str) -> None:
            place = f"{work.steps.index(step.partition(':')[0]) + 1}/{len(work.steps)}"
            moment = f"at {time.monotonic() - began:5.1f} s"
            console.print(f"[dim]{place} {moment}[/dim] {step}")
            status.update(f"{work.name}: {step}")
            reporter.step(f"{place} {moment} {step}")

        def spark() -> SparkSession:
            if not started:
                parts = SHUFFLE_PARTITIONS
                title = f"playcount {work.name}"
                with _standard_output_apart():
                    started.append(spark_session(_where(settings), title, shuffle_partitions=parts))
                started[0].conf.set(_FREE_SHUFFLES, True)
            return started[0]

        try:
            yield Command(connect(settings), settings, tell, spark)
        finally:
            for session in started:
                session.stop()


@contextmanager
def _standard_output_apart() -> Iterator[None]:
    """Give a JVM that starts meanwhile our standard error as its output.

    Delta prints what a VACUUM deletes, and would print it into our JSON.
    """
    sys.stdout.flush()
    ours = os.dup(STANDARD_OUTPUT)
    os.dup2(STANDARD_ERROR, STANDARD_OUTPUT)
    try:
        yield
    finally:
        os.dup2(ours, STANDARD_OUTPUT)
        os.close(ours)
