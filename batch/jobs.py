"""What every command of the batch layer that needs Spark begins and ends with."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from listens.settings import Settings
    from listens.store import Store

SHUFFLE_PARTITIONS = 64
"""In so many parts, 50 million events fit the memory of tasks; Spark joins parts that are small."""


@contextmanager
def spark_job(
    name: str, steps: tuple[str, ...]
) -> Iterator[tuple[SparkSession, Store, Settings, Callable[[str], None]]]:
    """A session, the store, the settings, and what to call with the name of each step."""
    from rich.console import Console

    from listens.aggregation.session import spark_session
    from listens.settings import load_settings
    from listens.store import connect

    console = Console(stderr=True)
    settings = load_settings()
    logging.basicConfig(level=logging.WARNING)
    with console.status(name) as status:
        began = time.monotonic()

        def tell(step: str) -> None:
            place = steps.index(step) + 1
            seconds = time.monotonic() - began
            console.print(f"[dim]{place}/{len(steps)} at {seconds:5.1f} s[/dim] {step}")
            status.update(f"{name}: {step}")

        store = connect(settings)
        spark = spark_session(settings, f"playcount {name}", shuffle_partitions=SHUFFLE_PARTITIONS)
        try:
            yield spark, store, settings, tell
        finally:
            spark.stop()
