"""The merge against a plain-Python count, on random cells cut at random places."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.merging.merge import Order, Ranked, extended, no_overlay, page, standing, whole
from api.merging.pieces import chart_within
from api.merging.speed_rows import Block, SpeedRows
from listens.packing import Cells, Chart, folded
from listens.rules import MEASURES, RATES
from listens.windows import ALL, Span

# Few keys and small numbers: what is hard are ties, and keys of both layers. One key ends with NUL.
KEYS = st.sampled_from([bytes([letter]) * 15 + bytes([letter % 3]) for letter in range(12)])
SUMS = st.tuples(*(st.integers(0, 2) for _ in MEASURES)).filter(any)
ROWS = st.lists(st.tuples(st.integers(0, 5), KEYS, SUMS), max_size=30)
BY = st.sampled_from(list(MEASURES))


def sums(*first, **named):
    """The sums of a row: the first measures, and some by name; the others are zero."""
    values = dict(zip(MEASURES, [*first, *[0] * len(MEASURES)], strict=False)) | named
    return tuple(values.values())


def cells_of(rows):
    return Cells(
        np.array([window for window, _, _ in rows], np.int64),
        np.zeros(len(rows), "S1"),
        np.array([key for _, key, _ in rows], "S16"),
        {
            name: np.array([sums[place] for _, _, sums in rows], np.int64)
            for place, name in enumerate(MEASURES)
        },
    )


def counted(rows, by):
    """[(key, sums)], ranked, by the slowest way."""
    totals = defaultdict(lambda: [0] * len(MEASURES))
    for _, key, sums in rows:
        for place, more in enumerate(sums):
            totals[key][place] += more
    column = list(MEASURES).index(by)
    return sorted(totals.items(), key=lambda item: (-item[1][column], item[0]))


def merged(batch_rows, commits, span, *, by, offset, limit):
    """As the API does it: each commit extends what the ones before left."""
    ranked = Ranked(chart_within(cells_of(batch_rows), span, view="songs"))
    overlay = no_overlay(0)
    for seq, rows in enumerate(commits, start=1):
        overlay = extended(
            overlay, ranked.chart, chart_within(cells_of(rows), span, view="songs"), until=seq
        )
    return page(ranked, overlay, order=Order(by), offset=offset, limit=limit)


def listed(chart):
    packed = chart.key.tobytes()
    return [
        (
            packed[16 * place : 16 * place + 16],
            [int(chart.measures[name][place]) for name in MEASURES],
        )
        for place in range(len(chart))
    ]


@given(
    batch=ROWS,
    commits=st.lists(ROWS, max_size=4),
    by=BY,
    first=st.integers(0, 5),
    days=st.integers(1, 6),
    offset=st.integers(0, 14),
    limit=st.integers(1, 14),
)
def test_a_page_equals_a_plain_count(batch, commits, by, first, days, offset, limit):
    span = Span(first, first + days)
    rows = [row for part in (batch, *commits) for row in part if first <= row[0] < span.end]
    expected = counted(rows, by)

    result = merged(batch, commits, span, by=by, offset=offset, limit=limit)

    assert listed(result.chart) == expected[offset : offset + limit]
    assert result.total == len(expected)


@given(rows=ROWS, cuts=st.tuples(st.integers(0, 30), st.integers(0, 30)), by=BY)
def test_it_doesnt_matter_where_the_batch_was_cut(rows, cuts, by):
    charts = [
        listed(merged(rows[:cut], [rows[cut:]], ALL, by=by, offset=0, limit=100).chart)
        for cut in cuts
    ]

    assert charts[0] == charts[1]


def test_ties_are_settled_by_key():
    rows = [(0, b"b" * 16, sums(1, 1)), (0, b"a" * 16, sums(1, 1))]
    touched = [(0, b"c" * 16, sums(1, 1)), (0, b"A" * 16, sums(1, 1))]

    result = merged(rows, [touched], ALL, by="plays", offset=0, limit=3)

    assert [key[:1] for key, _ in listed(result.chart)] == [b"A", b"a", b"b"]


def test_sums_stay_exact_beyond_what_a_float_holds():
    huge = 2**53
    rows = [(0, b"a" * 16, sums(1, 1, ms_played=huge))]

    result = merged(
        rows, [[(0, b"a" * 16, sums(1, 1, ms_played=1))]], ALL, by="plays", offset=0, limit=1
    )

    assert result.chart.measures["ms_played"].tolist() == [9_007_199_254_740_993]


@given(
    sizes=st.lists(st.integers(0, 6), max_size=12),
    after=st.integers(0, 12),
    more=st.integers(0, 12),
)
def test_speed_rows_give_the_rows_of_the_commits_between(sizes, after, more):
    rows, held = SpeedRows(0, 0), []
    for seq, size in enumerate(sizes, start=1):
        cells = cells_of([(seq, b"a" * 16, sums(1))] * size)
        rows = rows.extended(Block(np.full(size, seq), cells), seq)
        held += [seq] * size

    windows = rows.between(after, after + more).window.tolist()

    assert windows == [seq for seq in held if after < seq <= after + more]


def test_speed_rows_stay_few_blocks():
    rows = SpeedRows(0, 0)
    for seq in range(1, 1001):
        cells = cells_of([(seq, b"a" * 16, sums(1))])
        rows = rows.extended(Block(np.array([seq]), cells), seq)

    assert len(rows.blocks) <= 10


@pytest.mark.parametrize("by", list(MEASURES))
def test_an_untouched_chart_is_its_own_ranking(by):
    rows = [
        (0, bytes([letter]) * 16, sums(*((letter % (4 + place)) for place in range(len(MEASURES)))))
        for letter in range(1, 30)
    ]
    chart = folded([Chart(cells_of(rows).key, cells_of(rows).measures)])

    result = page(Ranked(chart), no_overlay(0), order=Order(by), offset=0, limit=100)

    assert [key for key, _ in listed(result.chart)] == [key for key, _ in counted(rows, by)]


@given(
    batch=ROWS,
    commits=st.lists(ROWS, max_size=3),
    after=ROWS,
    by=BY,
    offset=st.integers(0, 14),
    limit=st.integers(1, 14),
    data=st.data(),
)
def test_what_is_taken_back_is_in_no_rank_and_no_total(
    batch, commits, after, by, offset, limit, data
):
    rows = [row for part in (batch, *commits) for row in part]
    is_theirs = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    erased = [row for row, theirs in zip(rows, is_theirs, strict=True) if theirs]
    negative = [(window, key, tuple(-one for one in sums)) for window, key, sums in erased]
    left = [row for row, theirs in zip(rows, is_theirs, strict=True) if not theirs]

    found = merged(batch, [*commits, negative, after], ALL, by=by, offset=offset, limit=limit)

    expected = counted([*left, *after], by)
    assert listed(found.chart) == expected[offset : offset + limit]
    assert found.total == len(expected)


@given(
    rows=ROWS,
    cut=st.integers(0, 30),
    offset=st.integers(0, 4),
    limit=st.integers(1, 6),
    by=st.sampled_from([*MEASURES, *RATES]),
    ascending=st.booleans(),
    least=st.integers(0, 3),
)
def test_any_order_is_that_of_the_slowest_count(rows, cut, offset, limit, by, ascending, least):
    ranked = Ranked(chart_within(cells_of(rows[:cut]), ALL, view="songs"))
    more = chart_within(cells_of(rows[cut:]), ALL, view="songs")
    overlay = extended(no_overlay(0), ranked.chart, more, until=1)

    found = page(ranked, overlay, order=Order(by, ascending, least), offset=offset, limit=limit)

    places = {name: place for place, name in enumerate(MEASURES)}
    rate = RATES.get(by)
    over = [places[name] for name in (rate.over if rate else ("streams",))]
    able = []
    for key, sums in counted(rows, "plays"):
        count = sum(sums[place] for place in over)
        if count >= (max(1, least) if rate else least):
            value = Fraction(sums[places[rate.of]], count) if rate else sums[places[by]]
            able.append((value if ascending else -value, key, sums))
    expected = [(key, sums) for _, key, sums in sorted(able)]
    assert found.total == len(expected)
    assert listed(found.chart) == expected[offset : offset + limit]
    assert len(whole(ranked.chart, overlay)) == len(counted(rows, "plays"))


@given(rows=ROWS, cut=st.integers(0, 30), key=KEYS, by=BY)
def test_a_key_stands_where_the_whole_chart_has_it(rows, cut, key, by):
    ranked = Ranked(chart_within(cells_of(rows[:cut]), ALL, view="songs"))
    more = chart_within(cells_of(rows[cut:]), ALL, view="songs")
    overlay = extended(no_overlay(0), ranked.chart, more, until=1)

    found = standing(ranked.chart, overlay, key, by=by)

    ranks = {each: (rank, sums) for rank, (each, sums) in enumerate(counted(rows, by), start=1)}
    expected = ranks.get(key)
    assert found == (expected and (expected[0], dict(zip(MEASURES, expected[1], strict=True))))
