"""A replay keeps its pace, by a clock that the test turns."""

import pytest

from ingestion.pacing import Pace, Spike, SpikedPace, paced, parsed_spike
from ingestion.replay import _rounds, ended_now
from listens import identity
from listens.errors import UserMistakeError


class Clock:
    def __init__(self):
        self.seconds = 100.0

    def now(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds


def times_of(events, pace, cost=0.0):
    clock, times = Clock(), []
    for event in paced(
        events, pace, stopped=lambda: False, on_idle=lambda: None, now=clock.now, sleep=clock.sleep
    ):
        times.append((event, round(clock.seconds - 100, 6)))
        clock.seconds += cost
    return times


def test_a_rate_is_so_many_events_a_second():
    events = [(0, "a"), (5_000, "b"), (5_001, "c")]

    assert times_of(events, Pace(rate=4)) == [("a", 0), ("b", 0.25), ("c", 0.5)]


def test_a_speedup_shortens_the_recorded_intervals():
    events = [(1_000, "a"), (61_000, "b"), (181_000, "c")]

    assert times_of(events, Pace(speedup=60)) == [("a", 0), ("b", 1), ("c", 3)]


def test_a_late_event_is_sent_at_once_so_that_the_rate_holds():
    events = [(0, number) for number in range(4)]

    assert times_of(events, Pace(rate=10), cost=0.15) == [(0, 0), (1, 0.15), (2, 0.3), (3, 0.45)]


@pytest.mark.parametrize("pace", [{}, {"rate": 1, "speedup": 1}, {"rate": 0}, {"speedup": -1}])
def test_a_pace_is_one_number_above_zero(pace):
    with pytest.raises(UserMistakeError):
        Pace(**pace)


def test_a_stop_ends_the_replay():
    events = paced([(0, 1), (0, 2)], Pace(rate=1), stopped=lambda: True, on_idle=lambda: None)

    assert list(events) == []


def test_rounds_go_on_in_time():
    rounds = _rounds([{"ended_at": 1_000}, {"ended_at": 3_000}], loop=True)

    assert [next(rounds)[0] for _ in range(4)] == [1_000, 3_000, 4_000, 6_000]


def test_a_listen_that_ended_now_is_another_event():
    song = identity.song_id("A", "T")
    listen = {"listener_id": "anna", "song_id": song, "ms_played": 5, "ended_at": 1, "title": "T"}

    shifted = ended_now(listen, 2_000)

    assert (shifted["ended_at"], shifted["title"]) == (2_000, "T")
    assert shifted["event_id"] == identity.event_id("anna", 2_000, song, 5, 0)


def test_a_spike_is_a_burst_at_the_end_of_each_interval():
    pace = SpikedPace(rate=1, spike=Spike(factor=10, every_seconds=10, for_seconds=2))
    events = [(0, number) for number in range(57)]

    times = [when for _, when in times_of(events, pace)]

    # Eight quiet seconds with an event each, then twenty events in two seconds.
    assert times[:8] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert times[8:12] == [8, 8.1, 8.2, 8.3]
    assert times[27:30] == [9.9, 10, 11]
    assert times[56] == 20


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10x/30s", Spike(10, 30, 3)),
        ("2.5x/60s/5s", Spike(2.5, 60, 5)),
    ],
)
def test_a_spike_is_written_as_factor_interval_and_length(text, expected):
    assert parsed_spike(text) == expected


@pytest.mark.parametrize("text", ["10", "x/30s", "10x/30", "10x/30s/30s", "0x/30s", "10x/0s"])
def test_what_is_no_spike_is_refused(text):
    with pytest.raises(UserMistakeError, match="10x/30s"):
        parsed_spike(text)
