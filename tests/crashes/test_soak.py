"""The long versions: `make soak` runs them and prints the figures that docs/soak.md records."""

from __future__ import annotations

import statistics
import time

import pytest

from batch.recount import STEPS
from tests.crashes import scenarios
from tests.crashes.chaos import Toll
from tests.crashes.feed import Feed
from tests.crashes.harness import Stack, say
from tests.crashes.judging import judge
from tests.crashes.witness import Witness

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

ROWS = 20_000
KILLS = {"driver": 7, "jvm": 5, "mongod": 4, "kafka": 4, "importer": 4}
ZOMBIES = 4


@pytest.fixture(scope="module")
def feed(crashing: Stack) -> Feed:
    return Feed(crashing, rows=ROWS)


def report(feed: Feed, toll: Toll) -> None:
    """A line a victim: kills, and the seconds until events were counted again."""
    for victim, seconds in sorted(toll.seconds.items()):
        median, worst = statistics.median(seconds), max(seconds)
        say(f"{victim}: {len(seconds)} kills, median {median:.1f} s, worst {worst:.1f} s")
    say(f"importer: {feed.killed} kills in the midst of a file")
    say(f"a JVM outlived its driver by at most {max(toll.outlived):.1f} s")
    rows = sum(each.rows for each in feed.imports)
    say(f"imported {len(feed.imports)} files of together {rows:,} rows")


def test_kills_of_every_component(crashing: Stack, feed: Feed) -> None:
    victims = [victim for victim, kills in KILLS.items() for _ in range(kills)]
    began = time.monotonic()
    feed.more()
    with Witness(crashing) as witness:
        toll = scenarios.kill_components(crashing, feed, victims)
        feed.settle()
        crashing.wait_until_settled()
    seconds = time.monotonic() - began

    figures = judge(crashing, feed, witness)

    say(f"{len(victims)} kills in {seconds:.0f} s; the API refused {witness.refused} questions")
    report(feed, toll)
    assert figures["answers_on_the_way"] > len(victims)


@pytest.mark.parametrize("step", STEPS)
def test_a_batch_killed_at_a_step(crashing: Stack, feed: Feed, step: str) -> None:
    feed.more()
    feed.settle()
    crashing.wait_until_settled()
    scenarios.kill_batch(crashing, step)
    judge(crashing, feed, thorough=False)

    scenarios.run_batch(crashing)

    scenarios.assert_nothing_is_left_of_dead_batches(crashing)
    judge(crashing, feed, thorough=False)


def test_two_applications_and_frozen_ones(crashing: Stack, feed: Feed) -> None:
    scenarios.run_two_applications(crashing, feed, zombies=ZOMBIES)

    judge(crashing, feed, thorough=False)


def test_stops_and_lost_checkpoints(crashing: Stack, feed: Feed) -> None:
    for _ in range(2):
        scenarios.stop_streaming(crashing, feed)
        scenarios.start_streaming(crashing)
        scenarios.stop_streaming(crashing, feed)
        scenarios.delete_checkpoints(crashing)
        scenarios.start_streaming(crashing)

    judge(crashing, feed)
