"""Windows relative to a day, with dates written by hand."""

from __future__ import annotations

from datetime import date

import pytest

from listens.relative_windows import NEWEST, RELATIVE
from listens.windows import ALL, Span, day_number, parse_window, span_before, window_named

SUNDAY = date(2026, 3, 1)


def span(first: date, end: date) -> Span:
    return Span(day_number(first), day_number(end))


@pytest.mark.parametrize(
    ("name", "first", "end"),
    [
        ("today", date(2026, 3, 1), date(2026, 3, 2)),
        ("yesterday", date(2026, 2, 28), date(2026, 3, 1)),
        ("this-week", date(2026, 2, 23), date(2026, 3, 2)),
        ("last-week", date(2026, 2, 16), date(2026, 2, 23)),
        ("this-month", date(2026, 3, 1), date(2026, 4, 1)),
        ("last-month", date(2026, 2, 1), date(2026, 3, 1)),
        ("this-year", date(2026, 1, 1), date(2027, 1, 1)),
        ("last-year", date(2025, 1, 1), date(2026, 1, 1)),
        ("last-7-days", date(2026, 2, 23), date(2026, 3, 2)),
        ("last-30-days", date(2026, 1, 31), date(2026, 3, 2)),
        ("last-12-months", date(2025, 4, 1), date(2026, 4, 1)),
        ("newest-day", date(2026, 3, 1), date(2026, 3, 2)),
        ("newest-week", date(2026, 2, 23), date(2026, 3, 2)),
        ("newest-month", date(2026, 3, 1), date(2026, 4, 1)),
        ("newest-year", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_relative_window_spans_its_days(name: str, first: date, end: date) -> None:
    assert RELATIVE[name](SUNDAY) == span(first, end)


def test_twelve_months_end_with_december() -> None:
    assert RELATIVE["last-12-months"](date(2025, 12, 31)) == parse_window("2025")


def test_a_leap_day_has_a_day_before_and_a_year() -> None:
    assert RELATIVE["yesterday"](date(2024, 3, 1)) == parse_window("2024-02-29")
    assert RELATIVE["last-year"](date(2024, 2, 29)) == parse_window("2023")


def test_newest_windows_are_the_present_ones_of_another_day() -> None:
    assert {name: of(SUNDAY) for name, of in NEWEST.items()} == {
        "newest-day": RELATIVE["today"](SUNDAY),
        "newest-week": RELATIVE["this-week"](SUNDAY),
        "newest-month": RELATIVE["this-month"](SUNDAY),
        "newest-year": RELATIVE["this-year"](SUNDAY),
    }


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("2026-01-01", "2025-12-31"),
        ("2026-W01", "2025-W52"),
        ("2026-01", "2025-12"),
        ("2024-03", "2024-02"),
        ("2026", "2025"),
    ],
)
def test_the_period_before_a_window_is_one_of_its_kind(window: str, expected: str) -> None:
    before = span_before(parse_window(window))

    assert before == parse_window(expected)
    assert window_named(before) == expected


@pytest.mark.parametrize(
    ("first", "end", "expected"),
    [
        (date(2026, 1, 1), date(2026, 4, 1), (date(2025, 10, 1), date(2026, 1, 1))),
        (date(2025, 4, 1), date(2026, 4, 1), (date(2024, 4, 1), date(2025, 4, 1))),
        (date(2026, 1, 2), date(2026, 1, 12), (date(2025, 12, 23), date(2026, 1, 2))),
        (date(2026, 1, 1), date(2026, 1, 31), (date(2025, 12, 2), date(2026, 1, 1))),
    ],
)
def test_before_whole_months_are_as_many_months_else_as_many_days(
    first: date, end: date, expected: tuple[date, date]
) -> None:
    assert span_before(span(first, end)) == span(*expected)


@pytest.mark.parametrize("window", ["0001", "0001-01", "0001-01-01", "9999", "all"])
def test_nothing_is_before_the_beginning_nor_after_the_end(window: str) -> None:
    assert span_before(parse_window(window)) is None


def test_what_is_no_window_has_no_name() -> None:
    assert window_named(span(date(2026, 1, 1), date(2026, 1, 3))) is None
    assert window_named(span(date(2026, 1, 1), date(2026, 4, 1))) is None
    assert window_named(ALL) == "all"
