"""Writes what the two layers leave in MongoDB, from listens: the API's tests need neither layer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from pymongo import UpdateOne

from listens.identity import album_id, artist_id, event_id, song_id
from listens.names import name_document
from listens.packing import SHARDS, Cells, Chart, folded, pack_cells, pack_chart, shard_of
from listens.recent import SCHEMA, recent_document
from listens.rules import MEASURES, RULES_VERSION
from listens.store import Document, Store
from listens.views import OPTIONAL, PAIRS, VIEWS, has_longer
from listens.windows import A_DAY, date_of, day_number
from tests.aggregation.listens import adds_of, cells_of

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
"""When the first commit was made; each later one is a second younger."""


@dataclass(frozen=True)
class Heard:
    """A listen, with the fields that charts are made of."""

    ended_at: datetime
    title: str
    artist: str = "Björk"
    album: str | None = None
    ms_played: int = 200_000
    listener: str = "anna"
    country: str | None = "DE"
    platform: str | None = "android"
    kind: str = "music"
    skipped: bool = False
    completed: bool = False
    genre: str | None = None
    mood: str | None = None
    personality: str | None = None
    interaction: str | None = None
    rating: int | None = None
    age: int | None = None
    duration_ms: int | None = None
    year: int | None = None
    city: str | None = None

    @property
    def day(self) -> int:
        """Days since 1970."""
        return day_number(self.ended_at.date())

    @property
    def daypart(self) -> str:
        """By the hour, as the rules say."""
        names = ["night", "morning", "afternoon", "evening", "night"]
        return names[sum(self.ended_at.hour >= hour for hour in (6, 12, 18, 22))]

    def sums(self) -> dict[str, int]:
        """What the listen adds to each measure."""
        return adds_of(self.as_listen())

    def as_listen(self) -> dict[str, Any]:
        """As `tests.aggregation.listens` counts them."""
        has_album = self.kind == "music" and self.album is not None
        return {
            "listener_id": self.listener,
            "ended_at": self.ended_at,
            "ms_played": self.ms_played,
            "kind": self.kind,
            "song_id": song_id(self.artist, self.title),
            "artist_id": artist_id(self.artist),
            "album_id": album_id(self.artist, self.album or "") if has_album else None,
            "country": self.country,
            "platform": self.platform,
            "reason_end": "trackdone" if self.completed else None,
            "skipped": self.skipped,
            "genre": self.genre,
            "mood": self.mood,
            "personality": self.personality,
            "interaction": self.interaction,
            "rating": self.rating,
            "listener_age": self.age,
            "duration_ms": self.duration_ms,
            "year": self.year,
        }


def write_commit(
    store: Store,
    seq: int,
    listens: Sequence[Heard],
    *,
    sharded: bool = False,
    views: Collection[str] = OPTIONAL,
) -> None:
    """One speed commit with its segments, names and newest listens; of these optional views."""
    segments = []
    for view, by in _pairs(views):
        cells = _cells(listens, view, by)
        for shard, part in _sharded(cells) if sharded else [(-1, cells)]:
            if len(part):
                segments.append(_segment(seq, view, by, shard, part))
    if segments:
        store.speed_segments.insert_many(segments)
    write_names(store, listens)
    _write_recent(store, seq, listens)
    former = store.speed_commits.find_one({"_id": seq - 1}) or {"until": {"0": 0}, "views": {}}
    store.speed_commits.insert_one(
        {
            "_id": seq,
            "from": former["until"],
            "until": {"0": former["until"]["0"] + len(listens)},
            "views": {view: former["views"].get(view, seq) for view in views},
            "events": len(listens),
            "duplicates": 0,
            "rejected": 0,
            "at": START + timedelta(seconds=seq),
        }
    )


def write_version(
    store: Store,
    version: int,
    cut_seq: int,
    listens: Sequence[Heard],
    *,
    views: Collection[str] = OPTIONAL,
) -> None:
    """A batch version of these listens under generations of its own, and the pointer to it."""
    store.batch_charts.insert_many(
        chart
        for view, by in _pairs(views)
        for chart in _charts(version, view, by, _cells(listens, view, by))
    )
    write_names(store, listens)
    days = {date_of(listen.day).isoformat() for listen in listens}
    names = {"all" for _ in days} | {day[:4] for day in days} | {day[:7] for day in days}
    pointer = store.batch_pointer.find_one({"_id": "current"})
    cut = store.speed_commits.find_one({"_id": cut_seq}) or {"until": {"0": len(listens)}}
    store.batch_versions.insert_one(
        {
            "_id": version,
            "cut_seq": cut_seq,
            "cut": cut["until"],
            "rules_version": RULES_VERSION,
            "time_zone": "UTC",
            "views": [*views],
            "at": START + timedelta(days=version),
            "events": len(listens),
            "windows": {
                name: {"generation": version, "cells": 1, "checksum": f"{version}-{name}"}
                for name in sorted(names)
            },
        }
    )
    point_to(store, version, pointer["version"] if pointer else None)


def _pairs(views: Collection[str]) -> list[tuple[str, str]]:
    return [(view, by) for view, by in PAIRS if view in views or view not in OPTIONAL]


def point_to(store: Store, version: int, previous: int | None) -> None:
    """Flip the pointer."""
    store.batch_pointer.replace_one(
        {"_id": "current"}, {"version": version, "previous": previous}, upsert=True
    )


def _segment(seq: int, view: str, by: str, shard: int, cells: Cells) -> Document:
    first, last = int(cells.window.min()), int(cells.window.max())
    head: Document = {"seq": seq, "view": view, "by": by, "shard": shard}
    return head | {"first": first, "last": last} | pack_cells(cells)


def _sharded(cells: Cells) -> list[tuple[int, Cells]]:
    shards = np.array([shard_of(value) for value in cells.value.tolist()], np.int64)
    return [(shard, cells.where(shards == shard)) for shard in range(SHARDS)]


def _charts(generation: int, view: str, by: str, cells: Cells) -> Iterator[Document]:
    days = cells.window // A_DAY[VIEWS[view].finest]
    dates = [date_of(day).isoformat() for day in days.tolist()]
    for value in np.unique(cells.value).tolist():
        of_value = cells.value == value
        head = {"generation": generation, "view": view, "by": by, "value": value.decode()}
        longer = (("all", _all), ("year", _year), ("month", _month)) if has_longer(view, by) else ()
        for grain, name in (*longer, ("day", _month)):
            names = np.array([name(date) for date in dates])
            for window in sorted(set(names[of_value].tolist())):
                part = cells.where(of_value & (names == window))
                yield from _parts(head | {"grain": grain, "window": window}, part)


def _parts(head: Document, cells: Cells) -> Iterator[Document]:
    """Of five keys each, so that every reader meets a chart of several."""
    if head["grain"] == "day":
        cells = cells.where(np.argsort(cells.key, kind="stable"))
        windows = {"windows": cells.window.astype("<i4").tobytes()}
        yield head | {"part": 0} | windows | pack_chart(cells.key, cells.measures)
        return
    chart = folded([Chart(cells.key, cells.measures)])
    for part, first in enumerate(range(0, len(chart), 5)):
        rows = slice(first, first + 5)
        measures = {name: column[rows] for name, column in chart.measures.items()}
        yield head | {"part": part} | pack_chart(chart.key[rows], measures)


def _all(_: str) -> str:
    return "all"


def _year(date: str) -> str:
    return date[:4]


def _month(date: str) -> str:
    return date[:7]


def _cells(listens: Iterable[Heard], view: str, by: str) -> Cells:
    """A cell for each distinct window, value and key."""
    sums: dict[tuple[int, bytes, bytes], dict[str, int]] = {}
    for one in (listen.as_listen() for listen in listens):
        adds = adds_of(one)
        for of, narrowed, value, window, key in cells_of(one, one["ended_at"]):
            if (of, narrowed) == (view, by):
                cell = sums.setdefault((window, value.encode(), key), dict.fromkeys(MEASURES, 0))
                for name, more in adds.items():
                    cell[name] += more
    rows = [(cell, each) for cell, each in sorted(sums.items()) if any(each.values())]
    key_type = "S16" if VIEWS[view].key_type == "id" else np.bytes_
    return Cells(
        np.array([cell[0] for cell, _ in rows], np.int64),
        np.array([cell[1] for cell, _ in rows], np.bytes_),
        np.array([cell[2] for cell, _ in rows], key_type),
        {name: np.array([each[name] for _, each in rows], np.int64) for name in MEASURES},
    )


def write_names(store: Store, listens: Iterable[Heard]) -> None:
    """What they're called, the first spelling of each."""
    kept: dict[bytes, Document] = {}
    for listen in listens:
        if listen.kind != "music":
            continue
        title, artist, album = listen.title, listen.artist, listen.album
        whose = {"artist": artist, "artist_id": artist_id(artist)}
        kept[song_id(artist, title)] = {"title": title, **whose}
        kept[artist_id(artist)] = {"artist": artist}
        if album:
            kept[album_id(artist, album)] = {"album": album, **whose}
    if not kept:
        return
    store.names.bulk_write(
        [
            UpdateOne({"_id": key}, {"$setOnInsert": name_document(key, columns)}, upsert=True)
            for key, columns in kept.items()
        ]
    )


def _write_recent(store: Store, seq: int, listens: Sequence[Heard]) -> None:
    if not listens:
        return
    rows = [_shown(listen, seq, place) for place, listen in enumerate(listens)]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    store.recent_listens.insert_one(recent_document(table, seq=seq))


def _shown(listen: Heard, seq: int, place: int) -> Document:
    song = song_id(listen.artist, listen.title)
    ended_at_ms = int(listen.ended_at.timestamp() * 1000)
    event = event_id(listen.listener, ended_at_ms, song, listen.ms_played, seq * 1000 + place)
    return {
        "place": place,
        "event_id": event,
        "listener_id": listen.listener,
        "ended_at": listen.ended_at,
        "ms_played": listen.ms_played,
        "kind": listen.kind,
        "song_id": song,
        "title": listen.title,
        "artist": listen.artist,
        "album": listen.album,
        "platform": listen.platform,
        "country": listen.country,
        "skipped": listen.skipped,
        "completed": listen.completed,
        "genre": listen.genre,
        "city": listen.city,
        "mood": listen.mood,
        "personality": listen.personality,
        "interaction": listen.interaction,
        "rating": listen.rating,
        "duration_ms": listen.duration_ms,
    }
