"""The speed layer: each micro-batch is one transaction in MongoDB, or nothing at all.

What makes it exact is in MongoDB, not in Spark: commits are numbered without a hole, each begins
at the offsets where the one before ended, and their numbers are unique. A batch that runs again,
a second driver, a lost checkpoint or a zombie finds its rows counted, or loses on the number.
"""

from __future__ import annotations

import logging
import time
from functools import partial

from pyspark.sql import DataFrame

from listens import commits, erasures
from listens import store as collections
from listens.aggregation.cells import COUNTED_SCHEMA, cells
from listens.aggregation.segments import segments
from listens.commits import Head, commit_document
from listens.errors import IntegrityError
from listens.settings import Settings
from listens.store import Store
from streaming.batches import judged
from streaming.names import KnownNames
from streaming.offsets import advanced
from streaming.waiting import Waiting

log = logging.getLogger(__name__)

MOST_ROWS = 10_000
"""Events of one commit at most: a transaction of more may not fit MongoDB's cache, of which only
a fifth may be dirty (docs/decisions/0007)."""

LEAST_ROWS = 1_000
"""A commit isn't made smaller than this: its transaction fits the smallest cache."""


class SpeedLayer:
    """Counts micro-batches of one topic."""

    def __init__(self, *, store: Store, settings: Settings, topic_id: str) -> None:
        self._store = store
        self._settings = settings
        self._topic_id = topic_id
        self._known_names = KnownNames()
        self._most_rows = MOST_ROWS

    def count(self, messages: DataFrame) -> None:
        """Count a micro-batch in as many commits as it takes.

        Tries again while MongoDB is away or another driver is ahead.

        Raises:
            IntegrityError: the batch begins past what has been counted, or is of another topic.
            PyMongoError: MongoDB stayed away for commits.RETRY_FOR_SECONDS.
        """
        waiting = Waiting(messages, settings=self._settings)
        while not commits.retried(lambda: self._commit(waiting), on_conflict=self._take_less):
            pass

    def _take_less(self) -> None:
        """A conflict is also what MongoDB says of a transaction that its cache can't hold."""
        self._most_rows = max(LEAST_ROWS, self._most_rows // 2)

    def _commit(self, waiting: Waiting) -> bool:
        """Commit what isn't counted of a micro-batch, or the first of it; whether it was all."""
        started = time.monotonic()
        head = commits.head_of(self._store) or Head(0, {}, self._topic_id)
        if head.topic_id != self._topic_id:
            raise IntegrityError(
                f"commit {head.seq} counted another topic (id {head.topic_id}, here "
                f"{self._topic_id}); see docs/operations.md, 'Kafka lost'"
            )
        known = erasures.known(self._store)
        events = waiting.from_(head.until, erased=erasures.beyond(head.until, known))
        if not events.num_rows:
            return True
        batch = judged(
            events[: self._most_rows],
            store=self._store,
            known_names=self._known_names,
            unfinished=[each for each in known if not each.is_done],
        )
        until = advanced(head.until, batch.spans)
        counted = [*cells(batch.new.select(COUNTED_SCHEMA.names))]
        seq = head.seq + 1
        commit = commit_document(head, until, views=self._settings.counted_views)
        documents = {
            collections.SPEED_COMMITS: [commit | batch.counts],
            collections.SPEED_SEGMENTS: segments(counted, seq=seq),
            **batch.documents(seq=seq),
        }
        commits.write(self._store, documents, before=partial(batch.forget, self._store))
        self._known_names.add(batch.names)
        log.info(
            "commit seq=%d events=%d duplicates=%d rejected=%d erased=%d cells=%d ms=%d",
            seq,
            *(batch.counts[name] for name in ("events", "duplicates", "rejected", "erased")),
            sum(len(of_pair) for of_pair in counted),
            (time.monotonic() - started) * 1000,
        )
        return bool(events.num_rows <= self._most_rows)
