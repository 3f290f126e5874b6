"""What the page of a song, artist, album, genre or listener is made from, at one snapshot."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from api.analyses import habits, personality
from api.analyses.drop_off import VIEWS_OF, histogram
from api.analyses.hours import day_range, in_daypart, periods_shown, sums, within
from api.analyses.rankings import RANKINGS, items_of, keys_of, measures_shown, sums_shown
from api.analyses.sliding import moment_of
from api.merging.charts import Charts
from api.merging.merge import Order, Page, Ranked, no_overlay, page
from api.merging.reading import Slice, works_of
from api.merging.snapshot import Snapshot
from listens.packing import Cells, Chart
from listens.rules import DAYPARTS, MEASURES
from listens.store import Store
from listens.windows import ALL, HOURS_A_DAY, Span, date_of

TOP = 10
"""Items of the charts on a page."""

FAVOURITES = Order("plays")

Body = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Charts at one snapshot, of one span."""

    charts: Charts
    store: Store
    snapshot: Snapshot
    span: Span

    def whole(self, view: str, slice_: Slice) -> Chart:
        """All of a chart."""
        return self.charts.whole(self.store, self.snapshot, view, slice_, self.span)

    def top(self, view: str, slice_: Slice) -> Body:
        """The favourites of a slice, and how many keys its chart has."""
        return self._shown(view, self.first(view, slice_, limit=TOP))

    def works(self, artist_id: bytes) -> Body:
        """The songs and albums of an artist that everyone plays most, and how many were heard."""
        # What wasn't heard in the span has a name, but isn't in the chart.
        ids = works_of(self.store, artist_id)
        return {view: self._top_of(view, ids) for view in ("songs", "albums")}

    def audience(self, slice_: Slice) -> Body:
        """Who listens most, and how many do."""
        return self._shown("listeners", self.first("audience", slice_, limit=TOP))

    def chosen(self, view: str, keys: Collection[bytes]) -> Chart:
        """Those of some keys that everyone's chart has; keys ascending."""
        wanted = keys_of(RANKINGS[view], keys)
        return self.charts.chosen(self.store, self.snapshot, view, Slice(), self.span, wanted)

    def drop_off(self, slice_: Slice) -> list[int] | None:
        """Streams by the tenth of the track that was heard; None where that isn't counted."""
        view = VIEWS_OF[slice_.by]
        return histogram(self.whole(view, slice_)) if self.snapshot.counts(view) else None

    def standing(self, view: str, key: bytes) -> Body:
        """Rank by plays among everyone's, sums and rates; null and zeros where there's nothing."""
        found = self.charts.standing(self.store, self.snapshot, view, Slice(), self.span, key)
        rank, sums = found or (None, dict.fromkeys(MEASURES, 0))
        return {"rank": rank, **measures_shown(sums)}

    def hits(self) -> Chart:
        """Everyone's most played songs."""
        return self.first("songs", Slice(), limit=personality.HITS).chart

    def music(self, slice_: Slice) -> Cells:
        """Cells by the hour of all music."""
        hours = self.hours("totals", slice_)
        return hours.where(hours.key == b"music")

    def hours(self, view: str, slice_: Slice) -> Cells:
        """Cells by the hour."""
        return self.charts.hours(self.store, self.snapshot, slice_, self.span, view=view)

    def finest(self, view: str, slice_: Slice) -> Cells:
        """Finest cells of all time."""
        return self.charts.finest(self.store, self.snapshot, view, slice_, ALL)

    def first(self, view: str, slice_: Slice, *, limit: int) -> Page:
        """The first ranks of a chart by plays."""
        return self.charts.page(
            self.store, self.snapshot, view, slice_, self.span,
            order=FAVOURITES, offset=0, limit=limit,
        )  # fmt: skip

    def _top_of(self, view: str, keys: Collection[bytes]) -> Body:
        ranked = Ranked(self.chosen(view, keys))
        return self._shown(view, page(ranked, no_overlay(0), order=FAVOURITES, offset=0, limit=TOP))

    def _shown(self, view: str, ranks: Page) -> Body:
        items = items_of(self.store, RANKINGS[view], ranks, offset=0)
        return {"items": items, "total": ranks.total}


def when(hours: Cells) -> Body:
    """First and last day, history by month, and the parts of the day, from cells by the hour."""
    first, last = day_range(hours) or (None, None)
    return {
        "first_day": first,
        "last_day": last,
        "history": periods_shown(hours, "month"),
        "dayparts": {
            name: sums_shown(sums(hours.where(in_daypart(hours, name)))) for name in DAYPARTS
        },
    }


def listener_page(source: Source, listener: str) -> Body:
    """Sums, rank, history, favourites, habits and personality of a listener."""
    slice_ = Slice("listener", listener)
    music = source.music(slice_)
    return {
        "listener": listener,
        **source.standing("listeners", listener.encode()),
        **when(music),
        "songs": source.top("songs", slice_),
        "artists": source.top("artists", slice_),
        "albums": source.top("albums", slice_),
        "genres": source.top("genres", slice_),
        **_habits(source, slice_, music),
    }


def _habits(source: Source, slice_: Slice, music: Cells) -> Body:
    first = habits.first_days(source.finest("songs", slice_))
    new = first[(first >= source.span.first) & (first < source.span.end)]
    days = np.unique(music.where(music.measures["streams"] > 0).window // HOURS_A_DAY)
    streak = habits.longest_streak(days)
    axes = personality.axes(
        songs=source.whole("songs", slice_),
        artists=source.whole("artists", slice_),
        first_heard=len(new),
        hits=source.hits(),
        plays_of_everyone=sums(source.music(Slice()))["plays"],
        years=_years(source, slice_),
    )
    letters = [axis.letter for axis in axes if axis.letter]
    return {
        "days": len(days),
        "longest_streak": streak and vars(streak),
        "discoveries": habits.discoveries(new),
        "sessions": _sessions(source, slice_),
        "personality": "".join(letters) if len(letters) == len(axes) else None,
        "axes": [
            {
                "name": axis.name,
                "letter": axis.letter,
                "value": axis.value,
                "threshold": axis.threshold,
                "ends": list(axis.ends),
            }
            for axis in axes
        ],
    }


def _sessions(source: Source, slice_: Slice) -> Body:
    cells = source.finest("listener_minutes", slice_)
    found = habits.sessions(cells.where(within(cells, source.span, finest="minute")))
    longest = found.longest()
    count = len(found)
    return {
        "count": count,
        "average_minutes": round(float((found.end - found.start).mean()), 1) if count else None,
        "longest": None
        if longest is None
        else {
            "from": moment_of(int(found.start[longest])),
            "to": moment_of(int(found.end[longest])),
            "minutes": int(found.end[longest] - found.start[longest]),
            "ms_played": int(found.ms_played[longest]),
        },
    }


def _years(source: Source, slice_: Slice) -> dict[int, dict[int, int]]:
    """Year of listening → year of release → plays."""
    cells = source.finest("years", slice_)
    cells = cells.where(within(cells, source.span, finest="day"))
    years: dict[int, dict[int, int]] = {}
    rows = zip(cells.window.tolist(), cells.key.tolist(), cells.measures["plays"].tolist(),
               strict=True)  # fmt: skip
    for day, released, plays in rows:
        of_year = years.setdefault(date_of(day).year, {})
        of_year[int(released)] = of_year.get(int(released), 0) + plays
    return years
