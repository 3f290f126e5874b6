"""Cells as packed arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listens.packing import (
    Cells,
    Chart,
    folded,
    no_chart,
    pack_cells,
    pack_chart,
    pack_charts,
    pack_column,
    unpack_cells,
    unpack_chart,
    unpack_column,
)
from listens.rules import MEASURES


def chart(*rows: tuple[bytes, int]) -> Chart:
    """Keys with their plays; the other measures are zero."""
    measures = {name: np.zeros(len(rows), np.int64) for name in MEASURES}
    measures["plays"] = np.array([plays for _, plays in rows], np.int64)
    return Chart(np.array([key for key, _ in rows], dtype=np.bytes_), measures)


@given(st.lists(st.integers(0, 2**63 - 1)))
def test_numbers_survive_packing(numbers: list[int]) -> None:
    column = np.array(numbers, np.int64)

    assert unpack_column(pack_column(column), len(numbers)).tolist() == numbers


@pytest.mark.parametrize(("largest", "size"), [(255, 1), (256, 2), (65_536, 4), (2**32, 8)])
def test_a_column_takes_the_fewest_bytes(largest: int, size: int) -> None:
    assert len(pack_column(np.array([0, largest]))) == 2 * size


def test_a_measure_that_is_zero_everywhere_is_left_out_and_comes_back() -> None:
    document = pack_chart(*_parts(chart((b"x", 3))))

    assert set(document["measures"]) == {"plays"}
    assert unpack_chart(document).measures["skips"].tolist() == [0]


def test_ids_that_end_in_nul_bytes_survive_packing() -> None:
    keys = [bytes(16), b"a" + bytes(15), b"b" * 16]
    packed = pack_chart(*_parts(chart(*((key, 1) for key in keys))))

    assert packed["key"] == b"".join(keys)


def test_cells_survive_packing_with_their_slice_values() -> None:
    plays = {name: np.array([1, 2, 3], np.int64) for name in MEASURES}
    cells = Cells(
        np.array([-1, 0, 20_000]),
        np.array(["zoë".encode(), b"ann", "zoë".encode()]),
        np.array([b"k1", b"k2", b"k1"]),
        plays,
    )

    back = unpack_cells(pack_cells(cells))

    assert back.window.tolist() == [-1, 0, 20_000]
    assert [value.decode() for value in back.value.tolist()] == ["zoë", "ann", "zoë"]
    assert back.key.tolist() == [b"k1", b"k2", b"k1"]
    assert back.measures["ms_played"].tolist() == [1, 2, 3]


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1))
def test_numbers_below_zero_survive_packing_in_a_chart(numbers: list[int]) -> None:
    rows = [(bytes([65 + place % 26]), number) for place, number in enumerate(numbers)]

    document = pack_chart(*_parts(chart(*rows)))

    assert unpack_chart(document).measures["plays"].tolist() == numbers
    assert ("minus" in document) == (min(numbers) < 0)


@given(st.lists(st.lists(st.integers(0, 2**63 - 1), min_size=1), min_size=1))
def test_charts_packed_together_are_those_packed_each_by_itself(charts: list[list[int]]) -> None:
    rows = [
        chart(*((b"key%d" % place, plays) for place, plays in enumerate(numbers)))
        for numbers in charts
    ]
    edges = [0, *np.cumsum([len(each) for each in rows]).tolist()]
    keys = np.concatenate([each.key.astype("S9") for each in rows])
    measures = {name: np.concatenate([each.measures[name] for each in rows]) for name in MEASURES}

    together = [*pack_charts(keys, measures, edges)]

    assert together == [pack_chart(each.key.astype("S9"), each.measures) for each in rows]


def test_charts_add_up_key_by_key() -> None:
    total = folded([chart((b"b", 1), (b"a", 2)), chart((b"b", 10), (b"b", 100))])

    assert total.key.tolist() == [b"a", b"b"]
    assert total.measures["plays"].tolist() == [2, 111]


def test_sums_beyond_a_doubles_precision_are_exact() -> None:
    total = folded([chart((b"a", 2**53)), chart((b"a", 1))])

    assert total.measures["plays"].tolist() == [2**53 + 1]


def test_nothing_folds_to_nothing() -> None:
    assert len(folded([no_chart(), no_chart()])) == 0


def _parts(of: Chart) -> tuple:
    return of.key, of.measures
