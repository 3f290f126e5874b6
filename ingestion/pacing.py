"""When each event of a replay is due."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from listens.errors import UserMistakeError

Event = TypeVar("Event")

_LONGEST_SLEEP_SECONDS = 0.2


@dataclass(frozen=True)
class Pace:
    """Either a steady rate, or the recorded intervals, shortened.

    Attributes:
        rate: events a second.
        speedup: how many times as fast as recorded; 1 is the original pace.
    """

    rate: float | None = None
    speedup: float | None = None

    def __post_init__(self) -> None:
        given = [number for number in (self.rate, self.speedup) if number is not None]
        if len(given) != 1:
            raise UserMistakeError("say either --rate N (events a second) or --speedup X")
        if not 0 < given[0] < float("inf"):
            raise UserMistakeError(f"a pace is a number above 0, and {given[0]:g} isn't")

    def due_seconds(self, number: int, since_first_ms: int) -> float:
        """Seconds from the start until the event `number` (from 0) is due."""
        if self.rate is not None:
            return number / self.rate
        return since_first_ms / 1000 / (self.speedup or 1)


def paced(
    timed_events: Iterable[tuple[int, Event]],
    pace: Pace,
    *,
    stopped: Callable[[], bool],
    on_idle: Callable[[], None],
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Event]:
    """Yield each event when it's due; a late one at once, so that the rate holds on average.

    Args:
        timed_events: `(ended_at in ms, event)` in order of time.
        pace: when each is due.
        stopped: looked at several times a second; ends the run.
        on_idle: called before each sleep.
        now: a clock in seconds that never goes back.
        sleep: waits some seconds.
    """
    began, first_ms = now(), None
    for number, (ended_at_ms, event) in enumerate(timed_events):
        first_ms = ended_at_ms if first_ms is None else first_ms
        due = began + pace.due_seconds(number, ended_at_ms - first_ms)
        while (wait := due - now()) > 0 and not stopped():
            on_idle()
            sleep(min(wait, _LONGEST_SLEEP_SECONDS))
        if stopped():
            return
        yield event
