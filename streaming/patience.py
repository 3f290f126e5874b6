"""A query that may fail for a while, as the archive's does when HDFS is full or read-only."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql.streaming.query import StreamingQuery

from listens.errors import IntegrityError, PlaycountError

log = logging.getLogger(__name__)

RETRY_SECONDS = 10
"""From a failure to the next try."""

PATIENCE_SECONDS = 900
"""So long one query may fail while the other goes on; then the application is begun anew."""


class StreamingFailedError(PlaycountError):
    """A query ended by itself; the supervisor starts the application again."""


@dataclass
class WatchedQuery:
    """A query that runs, and how it's begun again.

    Attributes:
        begin: starts it where it ended.
        patience_seconds: how long it may fail; 0 ends at the first failure.
        query: the one that runs, or the last that did.
    """

    begin: Callable[[], StreamingQuery]
    patience_seconds: float
    query: StreamingQuery
    _failing_since: float | None = None
    _again_at: float | None = None

    def look(self) -> None:
        """Begin it again if it has failed.

        Raises:
            StreamingFailedError: it has failed for too long, or in a way that no try mends.
        """
        now = time.monotonic()
        error = self.query.exception()
        if error is None:
            if self.query.lastProgress:  # of a micro-batch since it was begun
                self._failing_since = None
        elif self._again_at is None:
            self._failed(error, now)
        elif now >= self._again_at:
            self._again_at = None
            self.query = self.begin()

    def _failed(self, error: Exception, now: float) -> None:
        if self._failing_since is None:
            self._failing_since = now
        is_final = IntegrityError.__name__ in str(error)
        if is_final or now - self._failing_since >= self.patience_seconds:
            raise StreamingFailedError(f"the query {self.query.name} failed: {error}") from error
        self._again_at = now + RETRY_SECONDS
        log.warning(
            "query=%s failed; it's begun again in %d s: %s",
            self.query.name, RETRY_SECONDS, error,
        )  # fmt: skip
