"""When simulated listeners listen, to what, and how each playback ends; all columns at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ingestion.simulator.catalogue import Catalogue, Integers, choose

HOUR_WEIGHTS = dict(
    enumerate((3, 2, 1, 1, 1, 2, 4, 7, 9, 8, 7, 7, 8, 8, 8, 9, 10, 12, 13, 12, 11, 10, 8, 5))
)
PLATFORMS = {
    "android": 55.0, "ios": 12.0, "iOS 17.1 (iPhone14,5)": 6.0, "windows": 9.0, "mac": 5.0,
    "web player": 6.0, "cast to device": 5.0, "Partner sonos_ppc Sonos;Play1": 2.0,
}  # fmt: skip
STARTS = {"clickrow": 55.0, "playbtn": 25.0, "appload": 12.0, "remote": 5.0, "": 3.0}
ENDS = {
    "trackdone": 62.0, "fwdbtn": 26.0, "backbtn": 2.0, "endplay": 7.0, "logout": 1.0,
    "unexpected-exit-while-paused": 1.0, "": 1.0,
}  # fmt: skip

_TRACKS_A_SESSION = 12
_TRACKDONE, _FWDBTN, _BACKBTN = 0, 1, 2
_DAY_MS = 24 * 3600 * 1000
_SHUFFLED_SHARE = 0.6
_ZERO_SHARE = 0.01


@dataclass(frozen=True)
class Playbacks:
    """Columns of equal length, in order of time.

    Attributes:
        song: position in the catalogue.
        session: which run of playbacks it belongs to.
        ended_at_ms, ms_played: milliseconds.
        reason_start: position in `(*STARTS, *ENDS)`; reason_end: in `ENDS`.
        platform: position in `PLATFORMS`.
    """

    song: Integers
    session: Integers
    ended_at_ms: Integers
    ms_played: Integers
    reason_start: Integers
    reason_end: Integers
    platform: Integers
    shuffle: NDArray[np.bool_]
    skipped: NDArray[np.bool_]


def make_playbacks(
    rng: np.random.Generator, catalogue: Catalogue, rows: int, *, first_year: int, last_year: int
) -> Playbacks:
    """So many playbacks between two years, both included (the last session may run over)."""
    first_of_session = _session_starts(rng, rows)
    session = np.cumsum(first_of_session) - 1
    song = catalogue.pick(rng, rows)
    reason_end = choose(rng, ENDS, rows)
    ms_played = _ms_played(rng, catalogue.duration_ms[song], reason_end)
    sessions = int(session[-1]) + 1 if rows else 0
    began_at = np.sort(_moments(rng, sessions, first_year, last_year))
    ended_at = began_at[session] + _since_session_start(ms_played, first_of_session, session)
    order = np.argsort(ended_at, kind="stable")
    columns = Playbacks(
        song=song,
        session=session,
        ended_at_ms=ended_at,
        ms_played=ms_played,
        reason_start=_reason_start(rng, reason_end, first_of_session),
        reason_end=reason_end,
        platform=choose(rng, PLATFORMS, max(1, sessions))[session],
        shuffle=(rng.random(max(1, sessions)) < _SHUFFLED_SHARE)[session],
        skipped=(reason_end == _FWDBTN) | (reason_end == _BACKBTN),
    )
    return Playbacks(**{name: column[order] for name, column in vars(columns).items()})


def _session_starts(rng: np.random.Generator, rows: int) -> NDArray[np.bool_]:
    starts: NDArray[np.bool_] = rng.random(rows) < 1 / _TRACKS_A_SESSION
    starts[:1] = True
    return starts


def _moments(rng: np.random.Generator, count: int, first_year: int, last_year: int) -> Integers:
    """Beginnings of sessions: any day, by the rhythm of the day."""
    begin = int(datetime(first_year, 1, 1, tzinfo=UTC).timestamp() * 1000)
    end = int(datetime(last_year + 1, 1, 1, tzinfo=UTC).timestamp() * 1000)
    # The last day is left free, so that a session that begins late doesn't leave the years.
    day = (rng.random(count) * ((end - begin) // _DAY_MS - 1)).astype(np.int64)
    hour = choose(rng, HOUR_WEIGHTS, count)
    return (
        begin + day * _DAY_MS + hour * 3_600_000 + (rng.random(count) * 3_600_000).astype(np.int64)
    )


def _ms_played(rng: np.random.Generator, duration: Integers, reason_end: Integers) -> Integers:
    """A finished track was heard whole; any other one in part, mostly a short part."""
    part = (duration * rng.random(len(duration)) ** 3).astype(np.int64)
    part[rng.random(len(duration)) < _ZERO_SHARE] = 0
    return np.where(reason_end == _TRACKDONE, duration, part)


def _since_session_start(
    ms_played: Integers, first_of_session: NDArray[np.bool_], session: Integers
) -> Integers:
    total = np.cumsum(ms_played)
    before = (total - ms_played)[first_of_session]
    since: Integers = total - before[session]
    return since


def _reason_start(
    rng: np.random.Generator, reason_end: Integers, first_of_session: NDArray[np.bool_]
) -> Integers:
    """A track begins as the one before it in the session ended: by itself or by a button."""
    chosen = choose(rng, STARTS, len(reason_end))
    before = np.concatenate(([0], reason_end[:-1]))
    follows = ~first_of_session & (before <= _BACKBTN)
    return np.where(follows, len(STARTS) + before, chosen)
