"""Periods: their names, their borders, and their sums."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from api.analyses.hours import (
    folded_windows,
    period_count,
    period_name,
    period_numbers,
    period_sums,
    without_erased,
)
from listens.packing import Cells
from listens.rules import MEASURES
from listens.windows import day_number, parse_window


def hours_of(*rows):
    """Cells of (day, hour, plays)."""
    hours = np.array([day_number(date.fromisoformat(day)) * 24 + hour for day, hour, _ in rows])
    plays = np.array([plays for _, _, plays in rows])
    measures = {name: plays if name == "plays" else np.zeros_like(plays) for name in MEASURES}
    return Cells(hours, np.zeros(len(rows), "S1"), np.array([b"music"] * len(rows)), measures)


@pytest.mark.parametrize(
    ("grain", "expected"),
    [
        ("hour", {"2025-12-31T23": 1, "2026-01-01T00": 2}),
        ("day", {"2025-12-31": 1, "2026-01-01": 2}),
        ("week", {"2026-W01": 3}),
        ("month", {"2025-12": 1, "2026-01": 2}),
        ("year", {"2025": 1, "2026": 2}),
    ],
)
def test_the_turn_of_a_year(grain, expected):
    cells = hours_of(("2025-12-31", 23, 1), ("2026-01-01", 0, 2))

    first, sums = period_sums(cells, grain)
    names = [period_name(first + place, grain) for place in range(len(sums["plays"]))]

    assert dict(zip(names, sums["plays"].tolist(), strict=True)) == expected
    assert period_count(cells, grain) == len(expected)


def test_silent_periods_are_zero():
    cells = hours_of(("2026-01-13", 9, 4), ("2026-01-16", 9, 1), ("2026-01-16", 10, 1))

    _, sums = period_sums(cells, "day")

    assert sums["plays"].tolist() == [4, 0, 0, 2]


@pytest.mark.parametrize("grain", ["day", "week", "month", "year"])
def test_a_period_is_the_window_of_its_name(grain):
    """Every day from before 1970 to after 2026 lies in the window that its period names."""
    first = date(1968, 2, 27)
    for days in range(0, 21_600, 13):
        number = day_number(first + timedelta(days=days))
        [period] = period_numbers(np.array([number * 24 + 5]), grain).tolist()
        window = parse_window(period_name(period, grain))

        assert window.first <= number < window.end


def test_the_same_hour_of_two_commits_is_one_row():
    cells = hours_of(("2026-01-13", 9, 4), ("2026-01-13", 8, 1), ("2026-01-13", 9, 2))

    folded = folded_windows(cells)

    assert folded.window.tolist() == [491_192, 491_193]
    assert folded.measures["plays"].tolist() == [1, 6]
    assert folded.key.tolist() == [b"music", b"music"]


def test_hours_that_were_taken_back_are_no_rows_any_more():
    cells = hours_of(("2026-01-01", 0, 2), ("2026-01-02", 5, 3), ("2026-01-01", 0, -2))

    left = without_erased(cells)

    assert left.window.tolist() == [day_number(date(2026, 1, 2)) * 24 + 5]
    assert left.measures["plays"].tolist() == [3]
