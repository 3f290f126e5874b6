"""How playbacks begin and end, and what the listener does and thinks of it."""

from __future__ import annotations

import numpy as np

from ingestion.simulator.draws import Booleans, Integers, choose

STARTS = {"clickrow": 55.0, "playbtn": 25.0, "appload": 12.0, "remote": 5.0, "": 3.0}
ENDS = {"trackdone": 70.0, "fwdbtn": 27.0, "backbtn": 3.0}
LAST_ENDS = {"endplay": 60.0, "logout": 20.0, "unexpected-exit-while-paused": 15.0, "": 5.0}

REASONS = (*STARTS, *ENDS, *LAST_ENDS)
"""What `reason_start` and `reason_end` are positions in."""
INTERACTIONS = ("play", "skip", "repeat", "pause", "add_to_playlist", "like")

_PLAY, _SKIP, _REPEAT, _PAUSE, _ADD, _LIKE = range(len(INTERACTIONS))
_TRACKDONE = len(STARTS)
_BACKBTN = _TRACKDONE + 2
_FIRST_LAST_END = _TRACKDONE + len(ENDS)

_LAST_SKIPPED_SHARE = 0.35
"""Of sessions that end within a track; the others end with it."""
_PATIENT_SHARE = 0.25
"""Tracks that a listener of Familiarity lets play to the end whatever happens."""
_ZERO_SHARE = 0.01
_ADD_SHARE, _LIKE_SHARE = 0.03, 0.05
_RATED_SHARE = 0.15


def is_done(reason_end: Integers) -> Booleans:
    """Heard to the end."""
    done: Booleans = reason_end == _TRACKDONE
    return done


def is_skip(reason_end: Integers) -> Booleans:
    """Ended by a button."""
    return (reason_end > _TRACKDONE) & (reason_end <= _BACKBTN)


def reason_ends(rng: np.random.Generator, *, is_familiar: Booleans, is_last: Booleans) -> Integers:
    """How each track ended; the last one of a session also by leaving."""
    rows = len(is_last)
    ends = _TRACKDONE + choose(rng, ENDS, rows)
    patient = rng.random(rows) < _PATIENT_SHARE
    ends = np.where(patient & is_familiar, _TRACKDONE, ends)
    leaves = is_last & (rng.random(rows) < _LAST_SKIPPED_SHARE)
    return np.where(leaves, _FIRST_LAST_END + choose(rng, LAST_ENDS, rows), ends)


def reason_starts(rng: np.random.Generator, reason_end: Integers, is_first: Booleans) -> Integers:
    """A track begins as the one before it in the session ended: by itself or by a button."""
    return np.where(is_first, choose(rng, STARTS, len(reason_end)), np.roll(reason_end, 1))


def ms_played(rng: np.random.Generator, duration: Integers, reason_end: Integers) -> Integers:
    """A finished track was heard whole; any other one in part, mostly a short part."""
    part = (duration * rng.random(len(duration)) ** 3).astype(np.int64)
    part[rng.random(len(duration)) < _ZERO_SHARE] = 0
    return np.where(reason_end == _TRACKDONE, duration, part)


def interactions(
    rng: np.random.Generator,
    *,
    skipped: Booleans,
    done: Booleans,
    repeated: Booleans,
    paused: Booleans,
) -> Integers:
    """The one thing that says most about a playback; a skip goes before all."""
    draw = rng.random(len(done))
    chosen = np.full(len(done), _PLAY)
    chosen[done & (draw < _LIKE_SHARE + _ADD_SHARE)] = _LIKE
    chosen[done & (draw < _ADD_SHARE)] = _ADD
    chosen[paused] = _PAUSE
    chosen[repeated] = _REPEAT
    chosen[skipped] = _SKIP
    return chosen


def ratings(
    rng: np.random.Generator, *, skipped: Booleans, done: Booleans, repeated: Booleans
) -> Integers:
    """Some listens are rated: what was skipped low, what was repeated high."""
    opinion = 3 + 0.7 * done + 0.8 * repeated - 1.3 * skipped + rng.normal(0, 0.9, len(done))
    rated = rng.random(len(done)) < _RATED_SHARE
    return np.where(rated, np.clip(np.rint(opinion), 1, 5), 0).astype(np.int64)
