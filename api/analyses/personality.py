"""A listener's own personality, from what they really play, on four axes of two letters each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from api.merging.merge import found
from listens.packing import Chart

TOP_ARTISTS = 10
HITS = 100
NEW_YEARS = 2
"""A song is new in the year of its release and the two after it."""

EXPLORES_FROM = 0.3
"""Share of plays that go to songs heard for the first time."""

NEW_FROM = 0.5
"""Share of plays that go to new songs, of those whose year is known."""

LOYAL_FROM = 0.5
"""Share of plays that go to the ten favourite artists."""


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        letter: which end it comes to; None where nothing is known of it.
        value: the share that decides.
        threshold: from which on the share means the second end of `ends`.
        ends: both ends, named.
    """

    name: str
    ends: tuple[str, str]
    value: float | None
    threshold: float

    @property
    def letter(self) -> str | None:
        """The first letter of the end."""
        if self.value is None:
            return None
        return self.ends[int(self.value >= self.threshold)][0]


def axes(
    *, songs: Chart, artists: Chart, first_heard: int, hits: Chart, plays_of_everyone: int,
    years: dict[int, dict[int, int]],
) -> list[Axis]:  # fmt: skip
    """The four axes of a listener in a window.

    Args:
        songs: the listener's chart of songs in the window.
        artists: the listener's chart of artists in the window.
        first_heard: how many songs were heard in the window for the first time at all.
        hits: everyone's HITS most played songs in the window.
        plays_of_everyone: of all songs in the window.
        years: year of listening → year of release → plays of the listener.
    """
    plays = int(songs.measures["plays"].sum())
    common = _share(int(hits.measures["plays"].sum()), plays_of_everyone)
    return [
        Axis("exploration", ("Familiarity", "Exploration"), _share(min(first_heard, plays), plays),
             EXPLORES_FROM),
        Axis("newness", ("Timelessness", "Newness"), newness(years), NEW_FROM),
        Axis("loyalty", ("Variety", "Loyalty"), _share_of(artists, _top(artists, TOP_ARTISTS)),
             LOYAL_FROM),
        Axis("commonality", ("Uniqueness", "Commonality"), _share_of(songs, hits),
             common if common is not None else 0.0),
    ]  # fmt: skip


def newness(years: dict[int, dict[int, int]]) -> float | None:
    """Share of plays whose song was new when it was played."""
    plays = sum(sum(of_year.values()) for of_year in years.values())
    new = sum(
        count
        for heard_in, of_year in years.items()
        for released, count in of_year.items()
        if 0 <= heard_in - released <= NEW_YEARS
    )
    return _share(new, plays)


def _top(chart: Chart, n: int) -> Chart:
    """The rows of the n most played keys; ascending by key."""
    first = np.sort(np.argsort(-chart.measures["plays"], kind="stable")[:n])
    return Chart(chart.key[first], {name: column[first] for name, column in chart.measures.items()})


def _share_of(chart: Chart, keys: Chart) -> float | None:
    """Share of a chart's plays that go to some keys."""
    place, known = found(chart.key, keys.key)
    plays = chart.measures["plays"]
    return _share(int(plays[place[known]].sum()), int(plays.sum()))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
