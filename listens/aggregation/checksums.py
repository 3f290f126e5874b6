"""Checksums of cells that add up as cells do.

A month's checksum is the sum of hash(cell) x measures over its cells, modulo a prime. Cells merge
by addition and so do their checksums, whatever the order and however they are split: that's how a
new version is held against the version before plus the commits in between without holding either
in memory, and how a window that didn't change is known.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from listens.rules import MEASURES
from listens.views import PAIRS, VIEWS

Checksum = tuple[int, int]
"""Two independent sums below PRIME: two different sets of cells agree once in 2^62."""

PRIME = (1 << 31) - 1
"""A Mersenne prime: products of two residues stay exact in a bigint."""

NO_CELLS: Checksum = (0, 0)

# Residues far apart, so that a count moved from one measure to another shows.
_WEIGHTS = [1, 1_203_094_721, 48_271, 1_664_525_101, 69_621, 742_938_285, 950_706_376, 630_360_016]

_HOURLY = [place for place, (view, _) in enumerate(PAIRS) if VIEWS[view].finest == "hour"]


def month_of_cell() -> Column:
    """The month, like 2026-01, that a row of cells belongs to."""
    window = F.col("window")
    day = F.when(F.col("pair").isin(_HOURLY), F.floor(window / 24).cast("int")).otherwise(window)
    return F.date_format(F.date_from_unix_date(day), "yyyy-MM")


def month_checksums(cells: DataFrame) -> dict[str, Checksum]:
    """Month → checksum of finest cells (`pair`, `value`, `window`, `key` and the measures).

    The rows needn't be distinct: cells of several commits give the same sum as their total.
    """
    weighed = [
        (F.lit(weight) * (F.col(name) % PRIME)) % PRIME
        for weight, name in zip(_WEIGHTS, MEASURES, strict=False)
    ]
    hashed = cells.select(
        month_of_cell().alias("month"),
        F.xxhash64("pair", "value", "window", "key").alias("hash"),
        (reduce(lambda total, term: total + term, weighed) % PRIME).alias("weight"),
    )
    halves = (F.pmod("hash", F.lit(PRIME)), F.pmod(F.shiftright("hash", 31), F.lit(PRIME)))
    sums = hashed.groupBy("month").agg(
        *(
            F.sum((half * F.col("weight")) % PRIME).alias(f"half_{n}")
            for n, half in enumerate(halves)
        )
    )
    return {row["month"]: (row["half_0"] % PRIME, row["half_1"] % PRIME) for row in sums.collect()}


def added(first: Checksum, second: Checksum) -> Checksum:
    """The checksum of both sets of cells together."""
    return (first[0] + second[0]) % PRIME, (first[1] + second[1]) % PRIME
