"""When each event of a replay is due."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

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


_SPIKE = re.compile(r"(\d+(?:\.\d+)?)x/(\d+(?:\.\d+)?)s(?:/(\d+(?:\.\d+)?)s)?")
_SPIKE_SHARE = 0.1


@dataclass(frozen=True)
class Spike:
    """A burst that comes again and again.

    Attributes:
        factor: how many times as many events a second.
        every_seconds: from the end of one burst to the end of the next.
        for_seconds: how long a burst lasts.
    """

    factor: float
    every_seconds: float
    for_seconds: float


def parsed_spike(text: str) -> Spike:
    """`10x/30s` or `10x/30s/5s`: ten times the rate, every 30 seconds, for 3 (or 5) seconds.

    Raises:
        UserMistakeError: something else, or a burst longer than the time between bursts.
    """
    if found := _SPIKE.fullmatch(text.strip()):
        factor, every = float(found[1]), float(found[2])
        lasting = float(found[3]) if found[3] else every * _SPIKE_SHARE
        if factor > 0 and 0 < lasting < every:
            return Spike(factor, every, lasting)
    raise UserMistakeError(
        f"--spike {text!r} isn't a burst such as 10x/30s (ten times the rate, every 30 seconds) "
        "or 10x/30s/5s (the same, each for 5 seconds)"
    )


@dataclass(frozen=True)
class SpikedPace:
    """A steady rate with bursts.

    Attributes:
        rate: events a second between the bursts.
        spike: the bursts.
    """

    rate: float
    spike: Spike

    def due_seconds(self, number: int, since_first_ms: int) -> float:  # noqa: ARG002 - as Pace
        """Seconds from the start until the event `number` (from 0) is due."""
        quiet_seconds = self.spike.every_seconds - self.spike.for_seconds
        quiet = self.rate * quiet_seconds
        cycle = quiet + self.rate * self.spike.factor * self.spike.for_seconds
        cycles, rest = divmod(number, cycle)
        within = min(rest, quiet) / self.rate
        within += max(rest - quiet, 0) / (self.rate * self.spike.factor)
        return cycles * self.spike.every_seconds + within


class Due(Protocol):
    """When events are due."""

    def due_seconds(self, number: int, since_first_ms: int) -> float:
        """Seconds from the start until the event `number` (from 0) is due."""


def paced(
    timed_events: Iterable[tuple[int, Event]],
    pace: Due,
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
