"""Fifty readers while histories are imported and batches run: READERS_MINUTES sets how long."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from tests.crashes import scenarios
from tests.crashes.feed import Feed
from tests.crashes.harness import Stack, say
from tests.crashes.judging import judge
from tests.crashes.readers import Readers

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

READERS = 50
ROWS = 20_000
MINUTES = float(os.environ.get("READERS_MINUTES", "10"))


def test_readers_during_imports_and_batches(crashing: Stack) -> None:
    feed = Feed(crashing, rows=ROWS)
    feed.more()
    feed.settle()
    batches = 0
    began = time.monotonic()
    with Readers(crashing, count=READERS) as readers:
        while time.monotonic() < began + MINUTES * 60:
            feed.more()
            feed.settle()
            scenarios.run_batch(crashing)
            batches += 1
    seconds = time.monotonic() - began

    figures = judge(crashing, feed, readers)

    median, p99 = np.quantile(readers.seconds, (0.5, 0.99)) * 1000
    answers, moments = len(readers.seconds), figures["answers_on_the_way"]
    say(f"{answers:,} answers of {moments} moments, {answers / seconds:.0f}/s")
    say(f"median {median:.0f} ms, p99 {p99:.0f} ms; {len(feed.imports)} imports, {batches} batches")
    assert moments > batches
