"""The archive's data files: those of its current version, and those that lie on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession

from listens.aggregation.archive import Coverage, coverage, unchecked
from listens.errors import UserMistakeError


@dataclass(frozen=True)
class Size:
    """So many files of so many bytes."""

    files: int
    bytes: int


def required_coverage(spark: SparkSession, *, table: str) -> Coverage:
    """How far the table is complete.

    Raises:
        UserMistakeError: there's no table.
    """
    found = coverage(spark, table=table)
    if found is None:
        raise UserMistakeError(
            f"there's no archive at {table} yet; start streaming with ./playcount up and import a "
            "history, or set PLAYCOUNT_ARCHIVE_URI"
        )
    return found


def table_size(spark: SparkSession, *, table: str) -> Size:
    """What the current version consists of."""
    detail = spark.sql(f"DESCRIBE DETAIL delta.`{table}`").first()
    return Size(int(detail["numFiles"]), int(detail["sizeInBytes"])) if detail else Size(0, 0)


def disk_size(spark: SparkSession, *, table: str) -> Size:
    """What lies on the disk, with files that no version or only an older one holds."""
    sizes = _on_disk(spark, table=table)
    return Size(len(sizes), sum(sizes.values()))


def stale_files(spark: SparkSession, *, table: str) -> list[str]:
    """URIs of the files on the disk that the current version doesn't hold."""
    # Listed before the version is read: what is written meanwhile is in neither.
    on_disk = _on_disk(spark, table=table)
    current = spark.read.format("delta").load(table).inputFiles()
    names = {_name(uri) for uri in current}
    return sorted(uri for uri in on_disk if _name(uri) not in names)


def _on_disk(spark: SparkSession, *, table: str) -> dict[str, int]:
    """URI → bytes, of all files with rows; the table's log is hidden from such a listing."""
    session = unchecked(spark)
    listed = (
        session.read.format("binaryFile")
        .option("recursiveFileLookup", "true")
        .option("pathGlobFilter", "*.parquet")
        .load(table)
        .select("path", "length")
    )
    return {row["path"]: int(row["length"]) for row in listed.collect()}


def rows_of(spark: SparkSession, files: list[str]) -> DataFrame:
    """The rows of some data files, whether a version of the table holds them or not."""
    return unchecked(spark).read.option("mergeSchema", "true").parquet(*files)


def _name(uri: str) -> str:
    return unquote(uri).rpartition("/")[2]
