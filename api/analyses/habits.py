"""How one listener listens: sessions, streaks, discoveries. Pure numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from listens.packing import Cells, Ints
from listens.windows import date_of

SESSION_GAP_MINUTES = 30
"""A pause that ends a session; the field's usual figure (web analytics, ListenBrainz)."""


@dataclass(frozen=True)
class Sessions:
    """Runs of listening without a pause longer than SESSION_GAP_MINUTES.

    Attributes:
        start, end: minutes since 1970; the start is when the first listen began.
        ms_played: heard in each.
    """

    start: Ints
    end: Ints
    ms_played: Ints

    def __len__(self) -> int:
        return len(self.start)

    def longest(self) -> int | None:
        """The place of the longest, the earliest of several; None of none."""
        return int(np.argmax(self.end - self.start)) if len(self) else None


@dataclass(frozen=True)
class Streak:
    """Days in a row, from the first to the last."""

    first: str
    last: str
    days: int


def sessions(cells: Cells) -> Sessions:
    """Sessions from the minutes in which listens ended; a minute's listening ends with it.

    Args:
        cells: of the view `listener_minutes`; several rows may be of one minute.
    """
    heard = cells.where(cells.measures["ms_played"] > 0)
    if not len(heard):
        none = np.empty(0, np.int64)
        return Sessions(none, none, none)
    minutes, place = np.unique(heard.window, return_inverse=True)
    ms = np.zeros(len(minutes), np.int64)
    np.add.at(ms, place, heard.measures["ms_played"])
    began = minutes - ms // 60_000
    breaks = np.flatnonzero(began[1:] - minutes[:-1] > SESSION_GAP_MINUTES) + 1
    firsts = np.concatenate([[0], breaks])
    lasts = np.concatenate([breaks - 1, [len(minutes) - 1]])
    return Sessions(np.minimum.reduceat(began, firsts), minutes[lasts], np.add.reduceat(ms, firsts))


def streaks(days: Ints) -> list[Streak]:
    """Runs of consecutive days, in order."""
    days = np.unique(days)
    if not len(days):
        return []
    breaks = np.flatnonzero(np.diff(days) > 1) + 1
    return [
        Streak(date_of(int(run[0])).isoformat(), date_of(int(run[-1])).isoformat(), len(run))
        for run in np.split(days, breaks)
    ]


def longest_streak(days: Ints) -> Streak | None:
    """The longest run of days, the earliest of several."""
    return max(streaks(days), key=lambda streak: streak.days, default=None)


def first_days(cells: Cells) -> Ints:
    """The day on which each key was heard for the first time.

    Args:
        cells: of a view by the day, of all time; only streams are hearing.
    """
    heard = cells.where(cells.measures["streams"] > 0)
    keys, place = np.unique(heard.key, return_inverse=True)
    first = np.full(len(keys), np.iinfo(np.int64).max)
    np.minimum.at(first, place, heard.window)
    return first


def discoveries(first: Ints) -> dict[str, int]:
    """Month → keys that were heard for the first time then, from `first_days`."""
    found = first.astype("datetime64[D]").astype("datetime64[M]")
    months, counts = np.unique(found, return_counts=True)
    return {str(month): int(count) for month, count in zip(months, counts, strict=True)}
