"""What every command of the batch layer that needs Spark begins and ends with."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from listens.settings import Settings
    from listens.store import Store

STANDARD_OUTPUT, STANDARD_ERROR = 1, 2

SHUFFLE_PARTITIONS = 64
"""In so many parts, 50 million events fit the memory of tasks; Spark joins parts that are small."""


@dataclass(frozen=True)
class Command:
    """What a command works with.

    Attributes:
        store, settings: of this installation.
        tell: called with the name of each step as it begins.
        spark: gives the session; the first call starts it, which takes some ten seconds.
    """

    store: Store
    settings: Settings
    tell: Callable[[str], None]
    spark: Callable[[], SparkSession]


def here(settings: Settings) -> Settings:
    """For Spark within this process, also where batches run on YARN.

    Upkeep reads HDFS by its URIs, and some of it needs this machine's files.
    """
    is_elsewhere = not settings.master.startswith("local")
    return settings.model_copy(update={"spark_master": "local[2]"}) if is_elsewhere else settings


def where_submitted(settings: Settings) -> Settings:
    """For Spark on the master that spark-submit has named to the job; else within this process."""
    return settings if settings.spark_master else here(settings)


@contextmanager
def command(
    name: str, steps: tuple[str, ...], *, where: Callable[[Settings], Settings] = here
) -> Iterator[Command]:
    """What a command needs, with its steps shown; a session that was started is stopped."""
    from rich.console import Console

    from listens.aggregation.session import spark_session
    from listens.settings import load_settings
    from listens.store import connect

    console = Console(stderr=True)
    settings = load_settings()
    logging.basicConfig(level=logging.WARNING)
    started: list[SparkSession] = []
    with console.status(name) as status:
        began = time.monotonic()

        def tell(step: str) -> None:
            place = steps.index(step) + 1
            seconds = time.monotonic() - began
            console.print(f"[dim]{place}/{len(steps)} at {seconds:5.1f} s[/dim] {step}")
            status.update(f"{name}: {step}")

        def spark() -> SparkSession:
            if not started:
                parts = SHUFFLE_PARTITIONS
                title = f"playcount {name}"
                with _standard_output_apart():
                    started.append(spark_session(where(settings), title, shuffle_partitions=parts))
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


@contextmanager
def spark_job(
    name: str, steps: tuple[str, ...]
) -> Iterator[tuple[SparkSession, Store, Settings, Callable[[str], None]]]:
    """A session where batches run, the store, the settings, and what to tell steps."""
    with command(name, steps, where=where_submitted) as started:
        yield started.spark(), started.store, started.settings, started.tell
