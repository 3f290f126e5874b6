"""How far a layer is behind: added up by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from stack.lag import Lag, lag

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
HALF_A_MINUTE_BEFORE = datetime(2026, 3, 1, 11, 59, 30, tzinfo=UTC)


def test_seconds_count_from_the_first_event_that_waits() -> None:
    behind = lag(
        end={"0": 10, "1": 4}, until={"0": 8}, now=NOON, waiting_since=HALF_A_MINUTE_BEFORE
    )

    assert behind == Lag(events=6, seconds=30.0)


def test_who_has_covered_everything_is_behind_by_no_second() -> None:
    behind = lag(end={"0": 10}, until={"0": 10}, now=NOON, waiting_since=HALF_A_MINUTE_BEFORE)

    assert behind == Lag(events=0, seconds=0.0)


def test_an_event_from_a_clock_that_is_ahead_gives_no_negative_seconds() -> None:
    behind = lag(end={"0": 1}, until={}, now=HALF_A_MINUTE_BEFORE, waiting_since=NOON)

    assert behind == Lag(events=1, seconds=0.0)
