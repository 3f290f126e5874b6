"""Charts out of their parts, many at a time, against plain sums."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch import charts
from listens.packing import pack_chart, unpack_chart

KEYS = [bytes([n]) * 15 + b"\0" for n in range(1, 9)]  # an id may end in NUL
MEASURES = ("plays", "ms_played", "streams")
NUMBERS = st.sampled_from([0, 0, 1, 255, 256, 70_000, 1 << 40])
ROW = st.tuples(st.sampled_from(KEYS), st.integers(-3, 40), *[NUMBERS] * 3)
PART = st.lists(ROW, min_size=1, max_size=8)
GROUPS = st.lists(st.lists(PART, min_size=1, max_size=4), min_size=1, max_size=12)


def document(grain, value, rows):
    """A part of a chart as a task makes it; by its day, where days are kept apart."""
    windows = np.array([row[1] for row in rows], "<i4")
    measures = {
        name: np.array([row[2 + place] for row in rows], np.int64)
        for place, name in enumerate(MEASURES)
    }
    return {
        "view": "songs", "by": "listener", "value": value, "grain": grain, "window": "2026-11",
        **({"windows": windows.tobytes()} if grain == "day" else {}),
        **pack_chart(np.array([row[0] for row in rows], "S16"), measures),
    }  # fmt: skip


def added(groups, grain):
    """Chart → (key, window) → sums."""
    sums = {}
    for place, group in enumerate(groups):
        cells = sums[f"listener {place}"] = defaultdict(lambda: [0] * len(MEASURES))
        for key, window, *numbers in (row for part in group for row in part):
            cell = cells[key, window if grain == "day" else 0]
            cell[:] = [one + other for one, other in zip(cell, numbers, strict=True)]
    return {name: dict(cells) for name, cells in sums.items()}


def read(documents):
    """The same out of documents; the keys and the days of a key have to ascend, as do parts."""
    sums = defaultdict(list)
    for part in documents:
        rows = sums[part["value"]]
        assert part["part"] == len(rows)
        windows = np.frombuffer(part.get("windows", bytes(4 * part["n"])), "<i4").tolist()
        chart = unpack_chart(part)
        keys = [chart.key.tobytes()[n : n + 16] for n in range(0, 16 * part["n"], 16)]
        columns = [chart.measures[name].tolist() for name in MEASURES]
        rows.append(list(zip(zip(keys, windows, strict=True), *columns, strict=True)))
    for parts in sums.values():
        places = [cell for rows in parts for cell, *_ in rows]
        assert places == sorted(set(places))
    return {
        value: {cell: numbers for rows in parts for cell, *numbers in rows}
        for value, parts in sums.items()
    }, {value: [len(rows) for rows in parts] for value, parts in sums.items()}


@pytest.mark.parametrize("grain", ["day", "month"])
@given(groups=GROUPS)
def test_groups_of_charts_are_summed_each_for_itself(grain, groups):
    parts = [
        [document(grain, f"listener {place}", rows) for rows in group]
        for place, group in enumerate(groups)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(charts, "KEYS_A_PART", 3)
        patch.setattr(charts, "ROWS_AT_ONCE", 10)
        documents = [each for some in charts.together(parts) for each in charts.merged(some)]

    sums, lengths = read(documents)

    assert sums == added(groups, grain)
    assert all(
        n == 3 or place == len(counts) - 1
        for counts in lengths.values()
        for place, n in enumerate(counts)
    )


def test_groups_of_another_view_are_not_put_together():
    one, other = ({**document("day", "ann", [(KEYS[0], 1, 1, 1, 1)]), "view": view}
                  for view in ("songs", "artists"))  # fmt: skip

    assert list(charts.together([[one], [one], [other]])) == [[[one], [one]], [[other]]]
