"""Folders wherever Spark reaches: here, on HDFS, by their URIs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Entry:
    """What is in a folder: its name and URI, whether it's a folder, and when it was changed."""

    name: str
    uri: str
    is_folder: bool
    changed_at: datetime


def delete_folder(spark: SparkSession, uri: str) -> None:
    """Delete a folder with all that is in it; none is fine, too."""
    folder, files = _place(spark, uri)
    files.delete(folder, True)


def entries(spark: SparkSession, uri: str) -> list[Entry]:
    """What is in a folder, by name; nothing where there's none."""
    folder, files = _place(spark, uri)
    if not files.exists(folder):
        return []
    found = [
        Entry(
            status.getPath().getName(),
            status.getPath().toString(),
            status.isDirectory(),
            datetime.fromtimestamp(status.getModificationTime() / 1000, UTC),
        )
        for status in files.listStatus(folder)
    ]
    return sorted(found, key=lambda entry: entry.name)


def home_folder(spark: SparkSession, uri: str) -> str:
    """The home of Hadoop's user on the file system of a URI."""
    _, files = _place(spark, uri)
    return str(files.getHomeDirectory().toString())


def _place(spark: SparkSession, uri: str) -> tuple[Any, Any]:
    # Spark's Python side has no file system; that of its JVM reaches every URI that it reads.
    context: Any = spark.sparkContext
    folder = context._jvm.org.apache.hadoop.fs.Path(uri)  # noqa: SLF001
    return folder, folder.getFileSystem(context._jsc.hadoopConfiguration())  # noqa: SLF001
