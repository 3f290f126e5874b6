"""DuckDB's count of raw listens for every view of the catalogue, from the rules as documents say.

Nothing here is taken from the catalogue: a test holds both against each other.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

KEYS = {
    "songs": "hex(song_id)",
    "artists": "hex(artist_id)",
    "albums": "hex(album_id)",
    "genres": "genre",
    "platforms": "platform",
    "countries": "country",
    "moods": "mood",
    "personalities": "personality",
    "interactions": "interaction",
    "years": "CASE WHEN year BETWEEN 1000 AND 9999 THEN year::VARCHAR END",
    "listeners": "listener_id",
}
"""View → what it ranks."""

SLICES = {
    "everyone": "''",
    "listener": "listener_id",
    "country": "country",
    "platform": "platform",
    "daypart": "daypart",
    "personality": "personality",
    "genre": "genre",
    "mood": "mood",
    "country+daypart": "country || '/' || daypart",
    "listener+daypart": "listener_id || '/' || daypart",
}
"""Slice → by what it narrows."""

SUMS = """
    count(*) FILTER (ms_played > 0) AS streams,
    count(*) FILTER (ms_played >= 30000) AS plays,
    count(*) FILTER (skip) AS skips,
    count(*) FILTER (done) AS completed,
    sum(ms_played)::BIGINT AS ms_played,
    round(sum(ms_played) / nullif(count(*) FILTER (ms_played > 0), 0), 4) AS average_ms_played,
    round(count(*) FILTER (skip) / nullif(count(*) FILTER (counts), 0), 4) AS skip_rate,
    round(count(*) FILTER (done) / nullif(count(*) FILTER (counts), 0), 4) AS completion_rate,
    round(avg(rating) FILTER (rating BETWEEN 1 AND 5), 4) AS average_rating,
    count(*) FILTER (rating BETWEEN 1 AND 5) AS ratings,
    round(avg(least(1000, ms_played * 1000 // nullif(duration_ms, 0)))
          FILTER (ms_played > 0 AND duration_ms > 0) / 1000, 4) AS average_heard,
    round(avg(listener_age) FILTER (ms_played > 0 AND listener_age BETWEEN 1 AND 120), 4)
        AS average_age
"""
"""What a rank of a chart shows."""

_TEXTS = ("genre", "mood", "personality", "interaction", "platform", "country")


class Listens:
    """Raw listens, each once, in the reporting zone."""

    def __init__(self, listens: list[dict[str, Any]], *, time_zone: str) -> None:
        once = {each["event_id"]: each for each in reversed(listens)}
        columns = ("listener_id", "ended_at", "ms_played", "kind", "song_id", "artist_id",
                   "album_id", "skipped", "completed", "reason_end", "rating", "listener_age",
                   "duration_ms", "year", *_TEXTS)  # fmt: skip
        rows = pa.table({n: [each.get(n) for each in once.values()] for n in columns})
        self.db = duckdb.connect()
        self.db.execute("SET TimeZone = 'UTC'")
        self.db.register("rows", rows)
        texts = ", ".join(
            f"CASE WHEN length({name}) BETWEEN 1 AND 100 THEN {name} END AS {name}"
            for name in _TEXTS
        )
        self.db.execute(
            f"""CREATE TABLE music AS SELECT *,
                    CASE WHEN hour(local) >= 22 OR hour(local) < 6 THEN 'night'
                         WHEN hour(local) < 12 THEN 'morning'
                         WHEN hour(local) < 18 THEN 'afternoon' ELSE 'evening' END AS daypart,
                    ms_played > 0 OR skip OR done AS counts
                FROM (SELECT * EXCLUDE ({", ".join(_TEXTS)}), {texts},
                             timezone('{time_zone}', ended_at) AS local,
                             coalesce(completed, false) OR coalesce(reason_end, '') = 'trackdone'
                                 AS done,
                             (coalesce(skipped, false)
                              OR coalesce(reason_end, '') IN ('fwdbtn', 'backbtn'))
                                 AND NOT done AS skip
                      FROM rows WHERE kind = 'music')"""
        )

    def charts(self, view: str, by: str) -> dict[str, dict[str, dict[str, Any]]]:
        """Slice value → key → what a rank shows; all time."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        cursor = self.db.execute(
            f"""SELECT {SLICES[by]} AS value, {KEYS[view]} AS key, {SUMS} FROM music
                WHERE value IS NOT NULL AND key IS NOT NULL
                GROUP BY ALL
                HAVING count(*) FILTER (counts OR rating BETWEEN 1 AND 5) > 0"""
        )
        names = [column[0] for column in cursor.description][2:]
        for value, key, *sums in cursor.fetchall():
            found.setdefault(value, {})[key.lower() if view in _IDS else key] = dict(
                zip(names, sums, strict=True)
            )
        return found

    def drop_off(self, column: str) -> dict[str, list[int]]:
        """Value of a column → streams of known length by the tenth that was heard."""
        found: dict[str, list[int]] = {}
        for value, tenth, streams in self.rows(
            f"""SELECT {column}, least(9, ms_played * 10 // duration_ms), count(*) FROM music
                WHERE ms_played > 0 AND duration_ms > 0 AND {column} IS NOT NULL GROUP BY ALL"""
        ):
            found.setdefault(value, [0] * 10)[tenth] = streams
        return found

    def listeners(self, view: str) -> dict[str, int]:
        """Key → distinct listeners with anything that counts."""
        counted = self.rows(
            f"""SELECT {KEYS[view]} AS key, count(DISTINCT listener_id) FROM music
                WHERE key IS NOT NULL AND (counts OR rating BETWEEN 1 AND 5) GROUP BY 1"""
        )
        return {key.lower() if view in _IDS else key: listeners for key, listeners in counted}

    def rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Any query over `music`."""
        return self.db.execute(query, parameters or None).fetchall()


_IDS = ("songs", "artists", "albums")
