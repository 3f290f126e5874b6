"""The proof that the archive is complete: each offset of each partition, and the counted events."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from batch import versions
from batch.archive.files import required_coverage
from batch.bulk.load import none_under_way
from batch.bulk.loaded import sealed_loads, uncounted_events
from listens import store as collections
from listens.aggregation.archive import Coverage
from listens.aggregation.messages import accepted, identity, offset_of_partition
from listens.bulk_loads import partition_of
from listens.offsets import Offsets, from_document, reaches, to_document
from listens.settings import Settings
from listens.store import Document, Store

GAPS_NAMED = 20
"""Of each partition."""

STEPS = ("coverage", "offsets", "events")


@dataclass(frozen=True)
class Partition:
    """One partition of the topic in the archive.

    Attributes:
        number: the partition.
        beginning: the first offset that must be there.
        until: the offset before which everything must be there.
        offsets: distinct offsets that are there.
        repeats: rows beyond the first of their offset; they count once.
        gaps: half-open ranges of offsets that are missing, the first GAPS_NAMED.
    """

    number: int
    beginning: int
    until: int
    offsets: int
    repeats: int
    gaps: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Check:
    """What the check found.

    Attributes:
        topic_id: the topic that the archive holds.
        partitions: one by one.
        commit: the speed layer's last commit that the archive covers.
        events: distinct listens before that commit's offsets, in the archive.
        counted: the same as the speed layer counted them.
        problems: what is wrong, a sentence each.
    """

    topic_id: str
    partitions: list[Partition]
    commit: int
    events: int
    counted: int
    problems: list[str]


def check(
    spark: SparkSession,
    store: Store,
    *,
    settings: Settings,
    tell: Callable[[str], None] = lambda _step: None,
) -> Check:
    """Hold the archive against its own coverage and against what the speed layer has counted.

    Raises:
        UserMistakeError: there's no archive yet.
        PlaycountError: a bulk load is under way.
    """
    tell("coverage")
    table = settings.archive_table
    told = required_coverage(spark, table=table)
    rows = spark.read.format("delta").load(table)
    tell("offsets")
    partitions = _partitions(rows, told)
    tell("events")
    version = versions.current(store)
    commit = _covered_commit(store, told, after=version["cut_seq"])
    until = commit["until"] if commit else version["cut"]
    seq = int(commit["_id"]) if commit else int(version["cut_seq"])
    none_under_way(store)
    loads = sealed_loads(store)
    later = uncounted_events(loads, version)
    # Of a load that no version counts yet the events are there, and nobody has counted them.
    events = _events(rows, until=from_document(until), loads=loads) - later
    counted = _counted(store, version, until=seq)
    problems = [problem for partition in partitions for problem in _of_partition(partition)]
    if not reaches(told.until, from_document(version["cut"])):
        problems.append(
            f"version {version['_id']} counts events that the archive doesn't cover: it ends at "
            f"{to_document(told.until)}, the version's cut is {version['cut']}"
        )
    elif events != counted:
        problems.append(
            f"up to commit {seq} the speed layer has counted {counted:,} listens, "
            f"and the archive holds {events:,}"
        )
    return Check(told.topic_id, partitions, seq, events, counted, problems)


def _partitions(rows: DataFrame, told: Coverage) -> list[Partition]:
    covered = rows.where(F.col("offset") < offset_of_partition(told.until))
    sizes = {
        row["partition"]: row
        for row in covered.groupBy("partition")
        .agg(F.count("*").alias("rows"), F.count_distinct("offset").alias("offsets"))
        .collect()
    }
    found = []
    for number, until in sorted(told.until.items()):
        size = sizes.get(number)
        offsets = int(size["offsets"]) if size else 0
        repeats = int(size["rows"]) - offsets if size else 0
        beginning = told.beginning.get(number, 0)
        gaps = (
            _gaps(covered.where(F.col("partition") == number), beginning, until)
            if offsets != until - beginning
            else []
        )
        found.append(Partition(number, beginning, until, offsets, repeats, gaps))
    return found


def _gaps(rows: DataFrame, beginning: int, until: int) -> list[tuple[int, int]]:
    """Half-open ranges without a row; the whole of one partition is sorted for it."""
    edge = rows.sparkSession.range(until, until + 1).select(F.col("id").alias("offset"))
    offsets = rows.select("offset").distinct().unionByName(edge)
    before = F.lag("offset", 1, beginning - 1).over(Window.orderBy("offset"))
    missing = (
        offsets.select((before + 1).alias("first"), F.col("offset").alias("end"))
        .where("first < end")
        .orderBy("first")
        .limit(GAPS_NAMED)
    )
    return [(row["first"], row["end"]) for row in missing.collect()]


def _covered_commit(store: Store, told: Coverage, *, after: int) -> Document | None:
    """The newest commit of which the archive holds everything."""
    commits = store[collections.SPEED_COMMITS].find({"_id": {"$gt": after}}, sort=[("_id", -1)])
    return next(
        (each for each in commits if reaches(told.until, from_document(each["until"]))), None
    )


def _events(rows: DataFrame, *, until: Offsets, loads: Collection[int]) -> int:
    is_loaded = F.col("partition").isin([partition_of(number) for number in loads])
    before = accepted(rows).where((F.col("offset") < offset_of_partition(until)) | is_loaded)
    return before.select(*identity()).distinct().count()


def _counted(store: Store, version: Document, *, until: int) -> int:
    span = {"_id": {"$gt": version["cut_seq"], "$lte": until}}
    commits = store[collections.SPEED_COMMITS].find(span, {"events": 1})
    return int(version["events"]) + sum(int(commit["events"]) for commit in commits)


def _of_partition(partition: Partition) -> list[str]:
    """The gaps as sentences."""
    return [
        f"partition {partition.number}: offsets {first:,} to {end - 1:,} are missing"
        for first, end in partition.gaps
    ]
