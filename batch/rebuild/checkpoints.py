"""Checkpoints of the streaming queries, wherever they are."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

from listens.settings import Settings


def forget_checkpoint(spark: SparkSession, settings: Settings, *, name: str) -> None:
    """Delete a query's checkpoint: it goes on where MongoDB ends, and a checkpoint may be ahead."""
    # Spark's Python side has no file system; that of its JVM reaches every URI that it reads.
    jvm: Any = spark.sparkContext._jvm  # noqa: SLF001
    configuration = spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001
    folder = jvm.org.apache.hadoop.fs.Path(f"{settings.checkpoints}/{name}")
    folder.getFileSystem(configuration).delete(folder, True)
