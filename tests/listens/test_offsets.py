"""Offset vectors: what is furthest, and what is still to be read."""

from __future__ import annotations

import pytest

from listens.offsets import furthest, waiting


@pytest.mark.parametrize(
    ("end", "until", "expected"),
    [
        ({}, {}, {}),
        ({"0": 10, "1": 5}, {"0": 10, "1": 5}, {}),
        ({"0": 10, "1": 5}, {"0": 7, "1": 5}, {"0": 3}),
        ({"0": 10, "1": 5}, {"0": 10}, {"1": 5}),
        ({"0": 10}, {"0": 12}, {}),
        ({"0": 10}, {"7": 3}, {"0": 10}),
    ],
    ids=[
        "no topic",
        "all covered",
        "one partition behind",
        "a partition that the layer hasn't named counts from 0",
        "a topic that was made anew doesn't give a negative number",
        "a partition that is gone doesn't count",
    ],
)
def test_events_waiting(end: dict, until: dict, expected: dict) -> None:
    assert waiting(end=end, until=until) == expected


@pytest.mark.parametrize(
    ("end", "until", "expected"),
    [
        ({}, {}, 0),
        ({"0": 5}, {}, 5),
        ({"0": 5, "1": 2}, {"0": 3, "1": 2}, 2),
        ({"0": 5}, {"0": 9, "2": 1}, 0),
    ],
)
def test_lag_is_what_is_not_covered(end, until, expected):
    assert sum(waiting(end=end, until=until).values()) == expected


def test_the_furthest_offset_of_each_partition_counts():
    assert furthest([{"0": 5, "1": 1}, {}, {"0": 3, "1": 4, "2": 0}]) == {"0": 5, "1": 4, "2": 0}
