"""A count of the raw files that shares nothing with Playcount but the written rules.

DuckDB reads the exports as they are; the rules are stated here again, in its SQL, from the
README's glossary.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import duckdb

MEASURES = ("streams", "plays", "skips", "completed", "ms_played")

EXTENDED = """
    SELECT $listener AS listener,
           strptime(ts, '%Y-%m-%dT%H:%M:%SZ') AS ended_at,
           ms_played AS ms,
           master_metadata_track_name AS title,
           master_metadata_album_artist_name AS artist,
           master_metadata_album_album_name AS album,
           conn_country AS country,
           CASE WHEN lower(platform) LIKE 'android%' THEN 'android'
                WHEN lower(platform) LIKE 'windows%' THEN 'windows' END AS platform,
           coalesce(reason_end = 'trackdone', false) AS completed,
           (coalesce(skipped, false) OR coalesce(reason_end IN ('fwdbtn', 'backbtn'), false))
             AND NOT coalesce(reason_end = 'trackdone', false) AS skip
    FROM read_json($file, columns={ts: 'VARCHAR', ms_played: 'BIGINT', platform: 'VARCHAR',
         conn_country: 'VARCHAR', master_metadata_track_name: 'VARCHAR',
         master_metadata_album_artist_name: 'VARCHAR', reason_end: 'VARCHAR', skipped: 'BOOLEAN',
         master_metadata_album_album_name: 'VARCHAR'})
"""

ACCOUNT = """
    SELECT $listener AS listener, strptime(endTime, '%Y-%m-%d %H:%M') AS ended_at,
           msPlayed AS ms, trackName AS title, artistName AS artist, NULL AS album,
           NULL AS country, NULL AS platform, false AS completed, false AS skip
    FROM read_json($file, columns={endTime: 'VARCHAR', artistName: 'VARCHAR',
         trackName: 'VARCHAR', msPlayed: 'BIGINT'})
"""

HISTORY_CSV = """
    SELECT $listener AS listener, strptime(ts, '%Y-%m-%d %H:%M:%S') AS ended_at,
           ms_played::BIGINT AS ms, track_name AS title, artist_name AS artist,
           album_name AS album, NULL AS country,
           CASE WHEN platform IN ('OS X', 'mac') THEN 'macos'
                WHEN platform LIKE 'cast%' OR platform LIKE '%sonos%' THEN 'speaker'
                WHEN platform LIKE 'iOS %' THEN 'ios'
                WHEN platform = 'web player' THEN 'web' ELSE lower(platform) END AS platform,
           reason_end = 'trackdone' AS completed,
           (upper(skipped) = 'TRUE' OR reason_end IN ('fwdbtn', 'backbtn'))
             AND reason_end <> 'trackdone' AS skip
    FROM read_csv($file, all_varchar=true, header=true)
"""

FORMATS = {"extended": EXTENDED, "account": ACCOUNT, "csv": HISTORY_CSV}

KEYS = {
    "songs": ("title", "artist"),
    "artists": ("artist",),
    "albums": ("album", "artist"),
}


def fold(name: str | None) -> str | None:
    """Two spellings of one name are equal when their folds are."""
    if name is None:
        return None
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


class Count:
    """The rows of some files, to be counted in any window and slice."""

    def __init__(self, files: Iterable[tuple[str, str, Path]], *, time_zone: str = "UTC") -> None:
        """`files`: (listener, key of FORMATS, path) each."""
        self.db = duckdb.connect()
        # A function of Python's, as DuckDB folds case but not compatibility characters.
        self.db.create_function("fold", fold, [str], str, null_handling="special")
        self.db.execute(
            """CREATE TABLE rows (listener VARCHAR, ended_at TIMESTAMP, ms BIGINT, title VARCHAR,
               artist VARCHAR, album VARCHAR, country VARCHAR, platform VARCHAR,
               completed BOOLEAN, skip BOOLEAN)"""
        )
        for listener, form, path in files:
            self.db.execute(
                f"INSERT INTO rows {FORMATS[form]}", {"listener": listener, "file": str(path)}
            )
        self.db.execute(
            f"""CREATE TABLE music AS
                SELECT listener, country, platform, ms, completed, skip,
                       fold(title) AS title, fold(artist) AS artist, fold(album) AS album,
                       ended_at AT TIME ZONE 'UTC' AT TIME ZONE '{time_zone}' AS local,
                       CASE WHEN hour(local) >= 22 OR hour(local) < 6 THEN 'night'
                            WHEN hour(local) < 12 THEN 'morning'
                            WHEN hour(local) < 18 THEN 'afternoon'
                            ELSE 'evening' END AS daypart
                FROM rows
                WHERE title IS NOT NULL AND NOT (title = 'Unknown Track'
                      AND artist = 'Unknown Artist')"""
        )

    def chart(
        self, view: str, *, first: str | None = None, end: str | None = None, **slices: str
    ) -> dict[tuple[str, ...], tuple[int, ...]]:
        """Key → measures, of rows in the half-open range of dates and in the slice."""
        keys = KEYS[view]
        clauses = [f"{key} IS NOT NULL" for key in keys]
        clauses += [f"local >= DATE '{first}'"] if first else []
        clauses += [f"local < DATE '{end}'"] if end else []
        clauses += [f"{column} = '{value}'" for column, value in slices.items()]
        rows = self.db.execute(
            f"""SELECT {", ".join(keys)}, count(*) FILTER (ms > 0), count(*) FILTER (ms >= 30000),
                       count(*) FILTER (skip), count(*) FILTER (completed), sum(ms)
                FROM music WHERE {" AND ".join(clauses)} GROUP BY {", ".join(keys)}"""
        ).fetchall()
        counted = {row[: len(keys)]: tuple(map(int, row[len(keys) :])) for row in rows}
        return {key: measures for key, measures in counted.items() if any(measures)}

    def values(self, column: str) -> list[str]:
        """What stands in a column."""
        return [
            value
            for (value,) in self.db.execute(
                f"SELECT DISTINCT {column} FROM music WHERE {column} IS NOT NULL ORDER BY 1"
            ).fetchall()
        ]
