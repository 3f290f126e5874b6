"""What must be true of a stack that has come to rest, whatever was killed on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise, product
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from deltalake import DeltaTable

from listens import store as collections
from listens.cluster.hdfs import client
from listens.settings import HDFS_HOME, Settings
from tests.crashes.feed import Feed
from tests.crashes.harness import Stack, say
from tests.crashes.readers import Readers
from tests.crashes.witness import Witness
from tests.pipeline.independent import Count
from tests.pipeline.test_charts_equal_the_files import (
    ROUTES,
    assert_all_charts,
    assert_same,
    windows_of,
)


def judge(
    stack: Stack, feed: Feed, witness: Witness | Readers | None = None, *, thorough: bool = True
) -> dict[str, Any]:
    """Come to rest, and hold every answer against the files; figures of what was compared.

    `thorough`: each window with each value of each slice, instead of some of them.
    """
    feed.settle()
    stack.wait_until_settled()
    ends = stack.end_offsets()
    archive = archived(stack)
    assert_archive_is_complete(archive, ends)
    distinct = distinct_events(archive)
    commits = assert_commits_are_a_chain(stack, ends, distinct=distinct, junk=feed.junk)
    assert_imports_balance(feed, distinct=distinct)
    compare = assert_all_charts if thorough else assert_some_charts
    compare(stack, Count(feed.files))
    answers = witness.judge(archive) if witness else 0
    figures = {
        "messages": sum(ends.values()),
        "events": distinct,
        "commits": commits,
        "archived_twice": number_of(archive, "SELECT count(*) FROM rows") - sum(ends.values()),
        "answers_on_the_way": answers,
    }
    say(f"exact: {figures}")
    return figures


def assert_some_charts(stack: Stack, count: Count) -> None:
    """Each view for everyone, and one value of each slice."""
    (middle,) = count.db.execute("SELECT median(local)::DATE FROM music").fetchone() or (None,)
    whole, year, *_ = windows_of(middle)
    for view, window in product(ROUTES, (whole, year)):
        assert_same(stack, count, view, window, "plays")
    for column in ("listener", "platform", "daypart"):
        assert_same(stack, count, "songs", whole, "skips", **{column: count.values(column)[-1]})


def archived(stack: Stack) -> duckdb.DuckDBPyConnection:
    """The archive's rows as table `rows`, read by deltalake, which isn't Spark."""
    columns = ["partition", "offset", "event_id", "song_id", "kind", "rejection"]
    columns += ["ms_played", "listener_id", "skipped", "completed", "reason_end"]
    with local_table(stack.settings) as place:
        rows = DeltaTable(place).to_pyarrow_table(columns=columns)
    connection = duckdb.connect()
    connection.register("arrow_rows", rows)
    connection.execute("CREATE TABLE rows AS SELECT * FROM arrow_rows")
    return connection


@contextmanager
def local_table(settings: Settings) -> Iterator[str]:
    """The archive where deltalake can read it: it speaks to no HDFS, so there it's copied."""
    if not settings.is_cluster:
        yield settings.archive_table
        return
    with TemporaryDirectory() as folder:
        client(settings).download(f"{HDFS_HOME}/archive", folder)
        yield f"{folder}/archive"


def number_of(archive: duckdb.DuckDBPyConnection, query: str) -> int:
    """The one number that a query gives."""
    (number,) = archive.execute(query).fetchone() or (0,)
    return int(number)


def distinct_events(archive: duckdb.DuckDBPyConnection) -> int:
    """Different listens in the archive."""
    return number_of(archive, "SELECT count(DISTINCT event_id) FROM rows WHERE rejection IS NULL")


def assert_archive_is_complete(archive: duckdb.DuckDBPyConnection, ends: dict[str, int]) -> None:
    """Every offset of every partition is there, from 0 to the end; some may be there twice."""
    spans = archive.execute(
        'SELECT partition, min("offset"), max("offset") + 1, count(DISTINCT "offset") '
        "FROM rows GROUP BY partition ORDER BY partition"
    ).fetchall()

    assert spans == [(int(name), 0, end, end) for name, end in ends.items() if end]


def assert_commits_are_a_chain(
    stack: Stack, ends: dict[str, int], *, distinct: int, junk: int
) -> int:
    """Numbers without a hole, each from where the one before ended, every message once."""
    commits = list(stack.store[collections.SPEED_COMMITS].find(sort=[("_id", 1)]))

    assert [commit["_id"] for commit in commits] == list(range(len(commits)))
    for before, after in pairwise(commits):
        assert after["from"] == before["until"], (before["_id"], after["_id"])
    assert commits[-1]["until"] == ends
    assert sum(commit["events"] for commit in commits) == distinct
    assert stack.store[collections.SEEN].count_documents({}) == distinct
    assert sum(commit["rejected"] for commit in commits) == junk
    assert stack.store[collections.REJECTED_EVENTS].count_documents({}) == junk
    duplicates = sum(commit["duplicates"] for commit in commits)
    assert distinct + duplicates + junk == sum(ends.values())
    return len(commits)


def assert_imports_balance(feed: Feed, *, distinct: int) -> None:
    """Each file's last import is settled; all rows of all files are events, counted once."""
    settled = feed.balances()

    for entry in settled:
        assert entry["read"] == entry["new"] + entry["duplicate"] + entry["rejected"], entry
    assert {entry["file"] for entry in settled} == {each.path.name for each in feed.imports}
    assert distinct == sum(each.rows for each in feed.imports)
