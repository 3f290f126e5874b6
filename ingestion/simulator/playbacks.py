"""The playbacks of one block of time: what is played and how each ends; all columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from ingestion.simulator.choices import choose_songs
from ingestion.simulator.draws import Booleans, Integers
from ingestion.simulator.endings import (
    interactions,
    is_done,
    is_skip,
    ms_played,
    ratings,
    reason_ends,
    reason_starts,
)
from ingestion.simulator.moods import moods
from ingestion.simulator.sessions import TRACKS_A_SESSION, beginnings
from ingestion.simulator.world import World
from ingestion.simulator.zones import HOUR_MS

_REPEAT_SHARE = {"F": 0.06, "E": 0.02}
_PAUSE_SHARE = 0.04
_PAUSE_MS = 90_000
_GAP_MS = 2_000
_SHUFFLED_SHARE = 0.5
_OFFLINE_SHARE, _INCOGNITO_SHARE = 0.06, 0.02
_SECOND_PLATFORM_SHARE = 0.25


@dataclass(frozen=True)
class Playbacks:
    """Columns of equal length.

    Attributes:
        listener: position among the world's listeners.
        song: position in the world's catalogue.
        ended_at_ms, ms_played: milliseconds; what was paused counts for neither.
        platform: position in `PLATFORMS`.
        mood: position in `MOODS`.
        interaction: position in `INTERACTIONS`.
        rating: 1 to 5; 0 where there's none.
        age: years.
        reason_start, reason_end: positions in `REASONS`.
    """

    listener: Integers
    song: Integers
    ended_at_ms: Integers
    ms_played: Integers
    platform: Integers
    mood: Integers
    interaction: Integers
    rating: Integers
    age: Integers
    reason_start: Integers
    reason_end: Integers
    shuffle: Booleans
    offline: Booleans
    incognito: Booleans

    def __len__(self) -> int:
        return len(self.song)

    @property
    def completed(self) -> Booleans:
        """Heard to the end."""
        return is_done(self.reason_end)

    @property
    def skipped(self) -> Booleans:
        """Ended by a button."""
        return is_skip(self.reason_end)

    def take(self, which: Integers | slice) -> Playbacks:
        """Some of the playbacks, in the order asked for."""
        return Playbacks(**{each.name: getattr(self, each.name)[which] for each in fields(self)})


def joined(parts: Sequence[Playbacks]) -> Playbacks:
    """All playbacks of the parts."""
    return Playbacks(
        **{
            each.name: np.concatenate([getattr(part, each.name) for part in parts])
            for each in fields(Playbacks)
        }
    )


@dataclass(frozen=True)
class _Frame:
    """Who listens when: the sessions that playbacks are put into.

    Attributes:
        session: number of each playback's session, from 0.
        is_first: whether a playback begins its session.
        began_at_ms: of each session.
        listener, year: of each playback; the year is that of the session's beginning.
    """

    session: Integers
    is_first: Booleans
    began_at_ms: Integers
    listener: Integers
    year: Integers

    def drawn(self, rng: np.random.Generator, share: float) -> Booleans:
        """For each playback what is drawn for its session."""
        happens: Booleans = (rng.random(len(self.began_at_ms)) < share)[self.session]
        return happens


def make_playbacks(
    world: World, rng: np.random.Generator, *, rows: int, begin_ms: int, end_ms: int
) -> Playbacks:
    """So many playbacks of sessions that begin between two instants, session after session."""
    frame = _frame(world, rng, rows=rows, begin_ms=begin_ms, end_ms=end_ms)
    listener, people = frame.listener, world.listeners
    song, repeated = _songs(world, rng, frame)
    reason_end = reason_ends(
        rng, is_familiar=people.has("F", listener), is_last=np.append(frame.is_first[1:], True)
    )
    heard_ms = ms_played(rng, world.catalogue.duration_ms[song], reason_end)
    paused_ms = _paused_ms(rng, rows)
    ended_at = _ended_at(frame, heard_ms + paused_ms + rng.integers(0, _GAP_MS, rows))
    how = {"skipped": is_skip(reason_end), "done": is_done(reason_end), "repeated": repeated}
    second = frame.drawn(rng, _SECOND_PLATFORM_SHARE).astype(np.int64)
    return Playbacks(
        listener=listener,
        song=song,
        ended_at_ms=ended_at,
        ms_played=heard_ms,
        platform=people.platforms[listener, second],
        mood=moods(
            rng,
            danceability=world.catalogue.danceability[song],
            energy=world.catalogue.energy[song],
            local_hour=world.local_ms(listener, ended_at) // HOUR_MS % 24,
        ),
        interaction=interactions(rng, **how, paused=paused_ms > 0),
        rating=ratings(rng, **how),
        age=people.age(listener, frame.year),
        reason_start=reason_starts(rng, reason_end, frame.is_first),
        reason_end=reason_end,
        shuffle=frame.drawn(rng, _SHUFFLED_SHARE),
        offline=frame.drawn(rng, _OFFLINE_SHARE),
        incognito=frame.drawn(rng, _INCOGNITO_SHARE),
    )


def _frame(
    world: World, rng: np.random.Generator, *, rows: int, begin_ms: int, end_ms: int
) -> _Frame:
    is_first = rng.random(rows) < 1 / TRACKS_A_SESSION
    is_first[:1] = True
    session = np.cumsum(is_first) - 1
    who, began_at = beginnings(
        world, rng, count=int(session[-1]) + 1, begin_ms=begin_ms, end_ms=end_ms
    )
    year = began_at.astype("datetime64[ms]").astype("datetime64[Y]").astype(np.int64) + 1970
    return _Frame(session, is_first, began_at, listener=who[session], year=year[session])


def _songs(world: World, rng: np.random.Generator, frame: _Frame) -> tuple[Integers, Booleans]:
    """What is played, and whether it's the song before once more."""
    (letter, with_letter), (_, without) = _REPEAT_SHARE.items()
    share = np.where(world.listeners.has(letter, frame.listener), with_letter, without)
    repeated = (rng.random(len(share)) < share) & ~frame.is_first
    chosen = choose_songs(
        world.catalogue,
        world.listeners,
        listener=frame.listener,
        year=frame.year,
        by_chance=rng.integers(0, 1 << 63, len(share)).astype(np.uint64),
    )
    # Of each row the last one, up to it, that is no repeat; the first row is none.
    fresh = np.maximum.accumulate(np.where(repeated, 0, np.arange(len(share))))
    return chosen[fresh], repeated


def _paused_ms(rng: np.random.Generator, rows: int) -> Integers:
    paused = rng.random(rows) < _PAUSE_SHARE
    return np.where(paused, rng.exponential(_PAUSE_MS, rows), 0).astype(np.int64)


def _ended_at(frame: _Frame, busy_ms: Integers) -> Integers:
    """Playbacks of a session follow each other."""
    total = np.cumsum(busy_ms)
    before = (total - busy_ms)[frame.is_first]
    ended_at: Integers = (frame.began_at_ms - before)[frame.session] + total
    return ended_at
