"""After every kind of crash the charts equal the files: the short versions; see test_soak.py."""

from __future__ import annotations

import pytest

from tests.crashes import scenarios
from tests.crashes.feed import Feed
from tests.crashes.harness import Stack
from tests.crashes.judging import judge
from tests.crashes.witness import Witness

pytestmark = pytest.mark.timeout(1200)

ROWS = 6_000


@pytest.fixture(scope="module")
def feed(crashing: Stack) -> Feed:
    return Feed(crashing, rows=ROWS)


def test_kills_during_imports_change_nothing(crashing: Stack, feed: Feed) -> None:
    feed.more()
    with Witness(crashing) as witness:
        toll = scenarios.kill_components(
            crashing, feed, ["driver", "jvm", "mongod", "kafka", "importer"]
        )
        feed.settle()
        crashing.wait_until_settled()

    figures = judge(crashing, feed, witness)

    assert sorted(toll.seconds) == ["driver", "jvm", "kafka", "mongod"]
    assert figures["answers_on_the_way"] > 0


def test_a_batch_killed_while_it_writes_leaves_nothing(crashing: Stack, feed: Feed) -> None:
    feed.more()
    feed.settle()
    crashing.wait_until_settled()
    scenarios.kill_batch(crashing, "write")
    judge(crashing, feed)

    scenarios.run_batch(crashing)

    scenarios.assert_nothing_is_left_of_dead_batches(crashing)
    judge(crashing, feed)


def test_two_applications_and_a_frozen_one_count_once(crashing: Stack, feed: Feed) -> None:
    scenarios.run_two_applications(crashing, feed, zombies=1)

    judge(crashing, feed)


def test_streaming_goes_on_after_a_stop_without_checkpoints(crashing: Stack, feed: Feed) -> None:
    scenarios.stop_streaming(crashing, feed)
    scenarios.delete_checkpoints(crashing)
    scenarios.start_streaming(crashing)

    judge(crashing, feed)
