"""Folders wherever Spark reaches: here, on HDFS, by their URIs."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession


def delete_folder(spark: SparkSession, uri: str) -> None:
    """Delete a folder with all that is in it; none is fine, too."""
    # Spark's Python side has no file system; that of its JVM reaches every URI that it reads.
    context: Any = spark.sparkContext
    folder = context._jvm.org.apache.hadoop.fs.Path(uri)  # noqa: SLF001
    folder.getFileSystem(context._jsc.hadoopConfiguration()).delete(folder, True)  # noqa: SLF001
