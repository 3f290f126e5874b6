"""Theta sketches of who has which key: they merge, and what they estimate is right on average."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.analyses.sketch import (
    EVERYBODY,
    estimate,
    hashes_of,
    placed,
    relative_error,
    seen_by_key,
    sketch_of,
    united,
)

ROWS = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 5), st.integers(1, 3)), max_size=60
)


def sketch(rows, most):
    """Of (listener, key, sum)."""
    names, keys, sums = zip(*rows, strict=True) if rows else ((), (), ())
    return sketch_of(
        hashes_of(names), np.array(keys, np.int64), np.array(sums, np.int64), most=most
    )


def told(sketch):
    rows = zip(sketch.listener.tolist(), sketch.key.tolist(), sketch.sums.tolist(), strict=True)
    return sketch.until, [*rows]


def by_hand(rows, most):
    """The same by the slowest way: whole listeners by their hash, as long as they fit."""
    sums = defaultdict(lambda: defaultdict(int))
    for name, key, more in rows:
        sums[int(hashes_of([name])[0])][key] += more
    kept = []
    for listener in sorted(sums):
        own = [(listener, key, sums[listener][key]) for key in sorted(sums[listener])]
        if len(kept) + len(own) > most:
            return listener, kept
        kept += own
    return EVERYBODY, kept


@given(ROWS, st.integers(1, 20))
def test_a_sketch_holds_whole_listeners_as_long_as_they_fit(rows, most):
    assert told(sketch(rows, most)) == by_hand(rows, most)


@given(ROWS, st.lists(st.integers(0, 3), min_size=60, max_size=60), st.integers(1, 20))
def test_any_split_of_the_rows_merges_into_the_same_sketch(rows, where, most):
    parts = [
        [row for row, part in zip(rows, where, strict=False) if part == number]
        for number in range(4)
    ]
    sketches = [sketch(part, most) for part in parts]

    at_once = united(sketches, most=most)
    one_by_one = united(
        [united(sketches[:2], most=most), united(sketches[2:], most=most)], most=most
    )

    assert told(at_once) == told(one_by_one) == by_hand(rows, most)


def test_what_is_taken_back_is_nobody_s_and_comes_back_by_a_merge():
    heard = sketch([("anna", 0, 5), ("anna", 1, 2), ("ben", 0, 1)], 9)
    erased = sketch([("anna", 0, -5), ("anna", 1, -2)], 9)
    later = sketch([("anna", 1, 3)], 9)

    assert seen_by_key(united([heard, erased], most=9), 2).tolist() == [1, 0]
    assert seen_by_key(united([erased, later, heard], most=9), 2).tolist() == [1, 1]


def test_keys_find_their_places_among_more_and_unknown_ones_are_left_out():
    heard = sketch([("anna", 0, 5), ("anna", 1, 2), ("ben", 1, 1)], 9)

    moved = placed(heard, np.array([2, 3]), np.array([False, True]))

    assert seen_by_key(moved, 4).tolist() == [0, 0, 0, 2]


@pytest.mark.parametrize(
    ("seen", "share", "listeners", "error"),
    [
        (7, 1.0, 7, 0.0),
        (0, 1.0, 0, 0.0),
        (0, 0.5, None, None),
        # √((1 - 0.25) / 100) is 0.0866; 1.96 of it.
        (100, 0.25, 400, 0.1697),
        (3, 0.4, 8, 0.8765),
    ],
)
def test_an_estimate_and_by_how_much_it_may_be_off(seen, share, listeners, error):
    assert (estimate(seen, share), relative_error(seen, share)) == (listeners, error)


def test_estimates_are_right_on_average_and_as_far_off_as_stated():
    """1,000 sets of 200 listeners: 100 have the first key, and every second of them nothing else.

    Those who have much else fit badly; a threshold that favoured the others would show.
    """
    key = np.concatenate([np.zeros(100, np.int64), np.repeat([1, 2, 3], 150)])
    who = np.concatenate([np.arange(100), np.tile(np.arange(50, 200), 3)])
    estimates, covered = [], 0
    for number in range(1_000):
        listener = hashes_of([f"{number}/{name}" for name in range(200)])[who]
        part = sketch_of(listener, key, np.ones(len(key), np.int64), most=200)
        seen = int(seen_by_key(part, 4)[0])
        estimates.append(seen / part.share)
        covered += (
            abs(estimates[-1] - 100) <= (relative_error(seen, part.share) or 0) * estimates[-1]
        )

    spread = float(np.std(estimates))
    assert abs(float(np.mean(estimates)) - 100) < 3 * spread / 1_000**0.5
    assert 0.92 < covered / 1_000 < 0.98
