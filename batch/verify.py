"""A recount that publishes nothing: raw events against what the API would answer from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pyspark.sql import SparkSession

from batch import audit, versions
from batch.bulk.load import none_under_way
from batch.bulk.loaded import loads_of, sealed_loads
from batch.cut import take_cut, wait_for_archive
from batch.executors import counted_months
from batch.manifest import is_month, parse
from batch.raw_events import counted_listens
from listens import erasures
from listens.aggregation.checksums import (
    NO_CELLS,
    Checksum,
    added,
    cells_checksums,
    chart_checksum,
    joined,
)
from listens.errors import PlaycountError
from listens.settings import Settings
from listens.store import Document, Store
from listens.views import PAIRS, has_longer

STEPS = ("cut", "wait", "recompute", "compare", "charts")


def verify(
    spark: SparkSession, store: Store, *, settings: Settings, tell: Callable[[str], None]
) -> list[str]:
    """What is wrong, a line each; nothing where every count is right.

    Compares, cell by cell through checksums, the raw events before the last commit with the
    stored charts of days plus the segments after the version's cut; and each chart of a month, a
    year and of all time with the charts of days that it's the sum of.

    Raises:
        ArchiveBehindError: the archive doesn't cover the last commit.
        PlaycountError: the current version counts by other rules, or has been replaced meanwhile;
            or a bulk load is under way.
    """
    tell("cut")
    version = versions.current(store)
    none_under_way(store)
    cut_seq, cut = take_cut(store)
    if not audit.is_comparable(store, base=version, cut_seq=cut_seq, settings=settings):
        raise PlaycountError(
            f"version {version['_id']}, or a commit since, counts by other rules, other views or "
            "another time zone; publish one by the present ones: ./playcount batch run"
        )
    loads, counted = sealed_loads(store), loads_of(version)
    tell("wait")
    wait_for_archive(store, cut, seconds=settings.batch_wait_seconds)
    tell("recompute")
    unfinished = erasures.unfinished_at(cut_seq, erasures.known(store))
    listens = counted_listens(
        spark,
        settings=settings,
        cut=cut,
        unfinished=unfinished,
        loads={number: loads[number] for number in counted},
        later_loads=loads.keys() - counted,
    ).persist()
    try:
        recounted = counted_months(listens).checksums
        tell("compare")
        stored = Stored(store, version)
        running = stored.days
        for pair, some in audit.committed_cells(
            store, after=version["cut_seq"], until=cut_seq, settings=settings
        ):
            running = joined(running, cells_checksums(pair, some))
        problems = []
        try:
            audit.check(listens, found=recounted, wanted=running,
                        store=store, base=version, cut_seq=cut_seq, settings=settings)  # fmt: skip
        except audit.AuditFailedError as error:
            problems.append(str(error))
    finally:
        listens.unpersist()
    tell("charts")
    problems += stored.disagreements()
    none_under_way(store)
    if sealed_loads(store) != loads:
        raise PlaycountError("a bulk load ended meanwhile; verify again")
    if versions.current(store)["_id"] != version["_id"]:
        raise PlaycountError("another version was published meanwhile; verify again")
    return problems


class Stored:
    """Checksums of a version's charts as they stand in MongoDB.

    Attributes:
        days: month → checksum of its charts of days, window by window.
    """

    def __init__(self, store: Store, version: Document) -> None:
        self._version = version
        self.days: dict[str, Checksum] = {}
        self._of_days: dict[str, Checksum] = {}  # window → its sum of charts of days
        self._charts: dict[str, Checksum] = {}  # window → its own charts
        for window, grain, pair, chart in _stored_charts(store, version):
            checksum = chart_checksum(pair, chart)
            if grain == "day":
                self.days = joined(self.days, cells_checksums(pair, chart))
            if not has_longer(*PAIRS[pair]):
                continue
            if grain != "day":
                self._charts[window] = added(self._charts.get(window, NO_CELLS), checksum)
                continue
            for longer in (window, window[:4], "all"):
                self._of_days[longer] = added(self._of_days.get(longer, NO_CELLS), checksum)

    def disagreements(self) -> list[str]:
        """Windows whose charts aren't what the manifest, or the charts of days, say."""
        windows = self._version["windows"]
        return [
            *(
                f"{window}: its charts of days aren't those that version "
                f"{self._version['_id']} was published with"
                for window, about in sorted(windows.items())
                if is_month(window) and parse(about["checksum"]) != self.days.get(window, NO_CELLS)
            ),
            *(
                f"{window}: its charts aren't the sums of its charts of days"
                for window in sorted(windows)
                if self._charts.get(window) != self._of_days.get(window)
            ),
        ]


def _stored_charts(store: Store, version: Document) -> Iterator[tuple[str, str, int, Any]]:
    for window, about in version["windows"].items():
        for document in audit.chart_documents(store, window, about["generation"]):
            pair, cells = audit.cells_of_chart(document)
            yield window, document["grain"], pair, cells
