"""Calendar windows and the stored ones that cover them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listens.errors import UserMistakeError
from listens.windows import ALL, Span, date_of, day_number, parse_window, pieces


@pytest.mark.parametrize(
    ("name", "first", "end"),
    [
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("2024-02", date(2024, 2, 1), date(2024, 3, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 5)),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 4)),
        ("2024-02-29", date(2024, 2, 29), date(2024, 3, 1)),
    ],
)
def test_a_window_spans_its_days(name: str, first: date, end: date) -> None:
    assert parse_window(name) == Span(day_number(first), day_number(end))


@pytest.mark.parametrize(
    "name",
    ["", "26", "2026-13", "2026-1", "2026-W54", "2025-W53", "2023-02-29", "ALL", "0000", "all ",
     "2026-01-13T00", "９９９９"],
)  # fmt: skip
def test_what_is_no_window_is_the_users_mistake(name: str) -> None:
    with pytest.raises(UserMistakeError, match="windows are named like"):
        parse_window(name)


@pytest.mark.parametrize(
    ("first", "end", "expected"),
    [
        (date(2026, 1, 1), date(2027, 1, 1), ["year 2026"]),
        (date(2026, 1, 1), date(2026, 2, 1), ["month 2026-01"]),
        (date(2025, 12, 29), date(2026, 1, 5), ["day 2025-12", "day 2026-01"]),
        (
            date(2024, 11, 30),
            date(2026, 2, 2),
            ["day 2024-11", "month 2024-12", "year 2025", "month 2026-01", "day 2026-02"],
        ),
    ],
)
def test_a_span_is_covered_by_few_stored_windows(
    first: date, end: date, expected: list[str]
) -> None:
    covering = pieces(Span(day_number(first), day_number(end)))

    assert [f"{piece.grain} {piece.window}" for piece in covering] == expected


def test_all_time_is_one_stored_window() -> None:
    assert [piece.grain for piece in pieces(ALL)] == ["all"]


days = st.integers(day_number(date(1995, 1, 1)), day_number(date(2040, 1, 1)))


@given(days, days)
def test_pieces_cover_each_day_once(one: int, other: int) -> None:
    span = Span(min(one, other), max(one, other))

    covered = [day for piece in pieces(span) for day in range(piece.span.first, piece.span.end)]

    assert covered == list(range(span.first, span.end))


@given(days)
def test_a_day_number_is_a_date_and_back(day: int) -> None:
    assert day_number(date_of(day)) == day
