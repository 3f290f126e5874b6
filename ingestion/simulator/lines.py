"""Simulated listens as lines of text: CSV, and JSON Lines.

The columns are those of the public `spotify_history.csv`, and after them the ones that only
Playcount knows; `playcount import` reads them all again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import orjson

from ingestion.simulator.draws import Integers
from ingestion.simulator.messages import rows_of
from ingestion.simulator.parts import Fields, Kept, Parts, ending, platform, reaction
from ingestion.simulator.playbacks import Playbacks
from ingestion.simulator.world import World
from listens.rows.names import renamed

PLAIN_COLUMNS = (
    "spotify_track_uri,ts,platform,ms_played,track_name,artist_name,album_name,"
    "reason_start,reason_end,shuffle,skipped"
)
MORE_COLUMNS = (
    "completed,offline,incognito,mood,interaction,rating,listener,country,city,latitude,"
    "longitude,timezone,personality,listener_age,genre,year,popularity,danceability,energy,"
    "duration_ms"
)
DUPLICATE_SHARE = 0.012
"""1,782 of the public data set's 149,860 rows repeat another one exactly."""

_OF_REPEATS = 1
_NAMES = {"title": "track_name", "artist": "artist_name", "album": "album_name"}
_ENDING = ("reason_start", "reason_end", "shuffle", "skipped")


def plain_csv(world: World, blocks: Iterable[Playbacks]) -> Iterator[str]:
    """The public data set's eleven columns, and its habit of repeating some rows."""
    parts = Parts(world)
    names = Kept(lambda n: _cells(_song_names(parts.song(n))))
    ids = Kept(lambda n: parts.song(n)["uri"].rpartition(":")[2])
    endings = Kept(lambda n: _cells({name: ending(n)[name] for name in _ENDING}))
    platforms = Kept(lambda n: _cells({"platform": platform(n)}))
    yield PLAIN_COLUMNS + "\n"
    for number, block in enumerate(blocks):
        repeated = block.take(_with_repeats(world.generator(number, _OF_REPEATS), len(block)))
        for row, ts in zip(rows_of(repeated), _times(repeated, "s"), strict=True):
            _, song, _, ms_played, device, end, _, _ = row
            yield (
                f"{ids[song]},{ts},{platforms[device]},{ms_played},{names[song]},{endings[end]}\n"
            )


def full_csv(world: World, blocks: Iterable[Playbacks]) -> Iterator[str]:
    """All columns, times with milliseconds."""
    parts = Parts(world)
    names = Kept(lambda n: _cells(_song_names(parts.song(n))))
    about = Kept(lambda n: _cells(_song_details(parts.song(n))))
    people = Kept(lambda n: _cells(_person(world, parts, n)))
    uris = Kept(lambda n: parts.song(n)["uri"])
    platforms = Kept(lambda n: _cells({"platform": platform(n)}))
    endings = Kept(lambda n: _cells(ending(n)))
    reactions = Kept(lambda n: _cells(reaction(n)))
    yield f"{PLAIN_COLUMNS},{MORE_COLUMNS}\n"
    for block in blocks:
        for row, ts in zip(rows_of(block), _times(block, "ms"), strict=True):
            listener, song, _, ms_played, device, end, react, age = row
            yield (
                f"{uris[song]},{ts},{platforms[device]},{ms_played},{names[song]},{endings[end]},"
                f"{reactions[react]},{people[listener]},{age},{about[song]}\n"
            )


def json_lines(world: World, blocks: Iterable[Playbacks]) -> Iterator[str]:
    """One object a line; what there is none of, such as most ratings, is left out."""
    parts = Parts(world)
    songs = Kept(
        lambda n: _members(
            {
                "spotify_track_uri": parts.song(n)["uri"],
                **_song_names(parts.song(n)),
                **_song_details(parts.song(n)),
            }
        )
    )
    people = Kept(lambda n: _members(_person(world, parts, n)))
    platforms = Kept(lambda n: _members({"platform": platform(n)}))
    endings = Kept(lambda n: _members(ending(n)))
    reactions = Kept(lambda n: _members(reaction(n)))
    for block in blocks:
        for row, ts in zip(rows_of(block), _times(block, "ms"), strict=True):
            listener, song, _, ms_played, device, end, react, age = row
            yield (
                f'{{{people[listener]},"listener_age":{age},"ts":"{ts}Z","ms_played":{ms_played},'
                f"{songs[song]},{platforms[device]},{endings[end]},{reactions[react]}}}\n"
            )


def column_rows(world: World, blocks: Iterable[Playbacks]) -> Iterator[Fields]:
    """One dict a playback, under the names that the readers of files yield."""
    parts = Parts(world)
    songs = Kept(
        lambda n: {
            "spotify_track_uri": parts.song(n)["uri"],
            **renamed(_song_names(parts.song(n))),
            **_song_details(parts.song(n)),
        }
    )
    people = Kept(lambda n: renamed(_person(world, parts, n)))
    endings = Kept(lambda n: renamed(ending(n)))
    reactions = Kept(reaction)
    for block in blocks:
        for row, ts in zip(rows_of(block), _times(block, "ms"), strict=True):
            listener, song, _, ms_played, device, end, react, age = row
            yield {
                "ts": ts,
                "ms_played": ms_played,
                "platform": platform(device),
                "listener_age": age,
                **people[listener],
                **songs[song],
                **endings[end],
                **reactions[react],
            }


def _song_names(song: Fields) -> Fields:
    return {_NAMES[name]: song[name] for name in _NAMES}


def _song_details(song: Fields) -> Fields:
    return {name: value for name, value in song.items() if name not in _NAMES and name != "uri"}


def _person(world: World, parts: Parts, listener: int) -> Fields:
    return {
        "listener": world.listeners.ids[listener],
        **parts.home(listener),
        "personality": parts.personality(listener),
    }


def _members(fields: Fields) -> str:
    given = {name: value for name, value in fields.items() if value is not None}
    return orjson.dumps(given).decode()[1:-1]


def _cells(fields: Mapping[str, object]) -> str:
    """Some cells of a CSV line, quoted where they hold a comma or a quote."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([_cell(value) for value in fields.values()])
    return line.getvalue()


def _cell(value: object) -> object:
    return str(value).upper() if isinstance(value, bool) else value


def _times(playbacks: Playbacks, unit: str) -> list[str]:
    moments = playbacks.ended_at_ms.astype("datetime64[ms]")
    texts = np.datetime_as_string(moments, unit=unit)  # type: ignore[call-overload]
    return [text.replace("T", " ") for text in texts.tolist()] if unit == "s" else texts.tolist()


def _with_repeats(rng: np.random.Generator, rows: int) -> Integers:
    """Row numbers, of which some are the one before once more."""
    order = np.arange(rows)
    repeats = rng.random(rows) < DUPLICATE_SHARE
    repeats[:1] = False
    return order - repeats
