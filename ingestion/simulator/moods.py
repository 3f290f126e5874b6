"""The mood of a listen: from how the song is, the part of the day, and some chance."""

from __future__ import annotations

import numpy as np

from ingestion.simulator.draws import Floats, Integers

MOODS = ("happy", "energetic", "calm", "sad", "focused", "romantic")

_SONG = np.array(
    # danceability, energy: how much the mood goes with more of it
    [(3.0, 2.0), (1.0, 6.0), (-0.5, -6.0), (-5.0, -2.5), (-4.0, -0.5), (2.0, -4.5)]
)
_DAY = np.array(
    # night, morning, afternoon, evening
    [
        (-0.6, 0.1, 0.5, 0.3),
        (-0.6, 0.5, 0.3, 0.0),
        (0.7, 0.0, -0.4, 0.3),
        (0.6, -0.2, -0.2, 0.1),
        (-0.6, 0.8, 0.8, -0.7),
        (0.5, -0.8, -0.6, 0.9),
    ]
)
_MIDDLE = 0.6
_PART_OF_HOUR = np.array([0] * 6 + [1] * 6 + [2] * 6 + [3] * 4 + [0] * 2)


def moods(
    rng: np.random.Generator, *, danceability: Floats, energy: Floats, local_hour: Integers
) -> Integers:
    """A position in `MOODS` for each listen: logit choice among them (McFadden, 1974)."""
    part = _PART_OF_HOUR[local_hour]
    best, chosen = np.full(len(part), -np.inf), np.zeros(len(part), dtype=np.int64)
    for mood in range(len(MOODS)):
        by_dance, by_energy = _SONG[mood]
        score = by_dance * (danceability - _MIDDLE) + by_energy * (energy - _MIDDLE)
        score += _DAY[mood][part] + rng.gumbel(0, 0.7, len(part))
        chosen[score > best] = mood
        best = np.maximum(best, score)
    return chosen
