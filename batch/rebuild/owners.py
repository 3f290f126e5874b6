"""Whose the rows of an import or a load are, as far as the archive tells."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from batch.erasure.loads import NOBODY


def owner() -> Column:
    """Of a group of messages: its listener, null for several, `NOBODY` where all were erased."""
    first, last = F.min("listener_id"), F.max("listener_id")
    return F.when(first.isNull(), F.lit(NOBODY)).when(first == last, first)
