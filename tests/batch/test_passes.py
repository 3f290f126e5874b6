"""Which months a batch writes together."""

from __future__ import annotations

from batch.passes import passes


def test_months_are_together_until_there_are_too_many_events() -> None:
    events = {"2024-01": 4, "2024-02": 3, "2024-03": 3, "2024-04": 1, "2025-01": 9}

    groups = passes(events, events, most=7)

    assert list(groups) == [("2024-01", "2024-02"), ("2024-03", "2024-04"), ("2025-01",)]


def test_a_month_with_more_is_alone_and_those_not_wanted_are_left_out() -> None:
    events = {"2024-01": 1, "2024-02": 30, "2024-03": 1, "2024-04": 1}

    assert list(passes(events, ["2024-03", "2024-01", "2024-02"], most=7)) == [
        ("2024-01",), ("2024-02",), ("2024-03",),
    ]  # fmt: skip
    assert list(passes(events, [], most=7)) == []
