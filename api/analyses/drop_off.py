"""Where tracks are left: streams by the tenth of the track that was heard."""

from __future__ import annotations

from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from api.merging.reading import Slice
from api.merging.snapshot import Snapshot
from api.questions.narrowing import slice_of
from api.questions.parameters import Id, mistake
from api.questions.selections import WindowQuery
from api.web.problems import BadParameterError
from listens.packing import Chart
from listens.rules import TENTHS
from listens.views import EVERYONE, VIEWS

VIEWS_OF = {by: name for name in ("tenths", "artist_tenths") for by in VIEWS[name].slices}
"""Slice → the view that holds its histogram."""

NARROWED = tuple(by for by in VIEWS_OF if by != EVERYONE)


class DropOffQuery(WindowQuery):
    """The days, and whose tracks."""

    song: Id | None = Field(None, description="Only this song, by its id")
    artist: Id | None = Field(None, description="Only this artist, by its id")
    album: Id | None = Field(None, description="Only this album, by its id")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self._given) > 1:
            raise mistake([*self._given][1], "give one of song, artist and album")
        return self

    @property
    def _given(self) -> dict[str, str]:
        values = {"song": self.song, "artist": self.artist, "album": self.album}
        return {name: value for name, value in values.items() if value is not None}

    @cached_property
    def slice_(self) -> Slice:
        """Which listens are asked for."""
        return slice_of(self._given)


def histogram(chart: Chart) -> list[int]:
    """The streams of each tenth, from the chart of one of these views."""
    counts = dict(zip(chart.key.tolist(), chart.measures["streams"].tolist(), strict=True))
    return [counts.get(b"%d" % tenth, 0) for tenth in range(TENTHS)]


def checked_counted(snapshot: Snapshot, slice_: Slice) -> None:
    """Check that everything in the snapshot has counted the histogram of a slice.

    Raises:
        BadParameterError: it hasn't; says how to make it so.
    """
    view = VIEWS_OF[slice_.by]
    if snapshot.counts(view):
        return
    able = [by for by in NARROWED if snapshot.counts(VIEWS_OF[by])]
    raise BadParameterError(
        "" if slice_.by == EVERYONE else slice_.by,
        f"the view {view} isn't counted, or not of all listens yet: name it in "
        "PLAYCOUNT_OPTIONAL_VIEWS, start streaming again, and then ./playcount batch run",
        able,
    )
