"""From one row of any format to a listen, or to the reason why it isn't one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from listens import identity
from listens.rows import platforms
from listens.rows.countries import country_code
from listens.rows.details import LISTENER_FIELDS, MOMENT_FIELDS, SONG_FIELDS, cached, details_of
from listens.rows.listener_names import listener_in
from listens.rows.rejections import Rejection, RowRejectedError, shortened
from listens.rows.times import DateOrder, NotATimeError, parse_ms
from listens.rows.values import boolean_of, text_of, whole_of
from listens.rows.works import work_of
from listens.rules import MAX_MS_PLAYED

Listen = dict[str, Any]

DAY_MS = 24 * 3600 * 1000
"""A clock may be wrong by a time zone, not by more than a day."""

_WORK_FIELDS = (
    "master_metadata_track_name",
    "master_metadata_album_artist_name",
    "master_metadata_album_album_name",
    "spotify_track_uri",
    "episode_name",
    "episode_show_name",
    "spotify_episode_uri",
    "audiobook_title",
    "audiobook_uri",
    "audiobook_chapter_uri",
    "audiobook_chapter_title",
)
_CONTEXT_FIELDS = (
    "platform",
    "conn_country",
    "country",
    "reason_start",
    "reason_end",
    "shuffle",
    "skipped",
    "offline",
    "incognito_mode",
)

_HARMLESS_FIELDS = (
    "ts", "ms_played", *_WORK_FIELDS, *_CONTEXT_FIELDS, *SONG_FIELDS, *MOMENT_FIELDS,
)  # fmt: skip
KNOWN_FIELDS = (*_HARMLESS_FIELDS, "listener", *LISTENER_FIELDS)
"""All that is ever taken from a row; addresses, user agents and the like stay in the file."""


class Normaliser:
    """Turns the rows of one file into listens; knows which identical rows came before.

    Args:
        listener_id: whose history it is; None: each row says whose it is.
        source: the format, as kept with every listen.
        import_id: None when nothing is sent.
        now_ms: the present, milliseconds since 1970.
        date_order: see `times.parse_ms`.
    """

    def __init__(
        self,
        *,
        listener_id: str | None,
        source: str,
        import_id: str | None,
        now_ms: int,
        date_order: DateOrder | None = None,
    ) -> None:
        self._listener_id = listener_id
        self._origin = {"source": source, "import_id": import_id}
        self._latest_ms = now_ms + DAY_MS
        self._date_order = date_order
        # Only repeats need a count, so a million different rows cost one set of 16 bytes each.
        self._met: set[bytes] = set()
        self._repeats: Counter[bytes] = Counter()

    def __call__(self, number: int, row: object) -> Listen | Rejection:
        """The listen in a row, or its rejection; never an exception, whatever the row holds."""
        if not isinstance(row, dict):
            return Rejection(number, "not_a_record", shortened(row))
        try:
            return self._listen(row)
        except RowRejectedError as error:
            return Rejection(number, error.reason, without_personal_data(row))

    def _listen(self, row: Mapping[str, Any]) -> Listen:
        ended_at = self._ended_at(row.get("ts"))
        ms_played = _ms_played(row.get("ms_played"))
        work = cached(_work, map(row.get, _WORK_FIELDS))
        listener = self._listener_id or listener_in(row)
        return {
            **self._origin,
            "listener_id": listener,
            "event_id": self._event_id(listener, ended_at, work["song_id"], ms_played),
            "ended_at": ended_at,
            "ms_played": ms_played,
            **work,
            **cached(_context, map(row.get, _CONTEXT_FIELDS)),
            **details_of(row),
        }

    def _ended_at(self, value: object) -> int:
        if value is None or (isinstance(value, str) and not value.strip()):
            raise RowRejectedError("no_time")
        if not isinstance(value, str):
            raise RowRejectedError("bad_time")
        try:
            ended_at = parse_ms(value.strip(), self._date_order)
        except NotATimeError as error:
            raise RowRejectedError("bad_time") from error
        if ended_at <= 0:
            raise RowRejectedError("before_1970")
        if ended_at > self._latest_ms:
            raise RowRejectedError("in_future")
        return ended_at

    def _event_id(self, listener: str, ended_at: int, song: bytes, ms_played: int) -> bytes:
        first = identity.event_id(listener, ended_at, song, ms_played, 0)
        if first not in self._met:
            self._met.add(first)
            return first
        self._repeats[first] += 1
        return identity.event_id(listener, ended_at, song, ms_played, self._repeats[first])


def is_repeat(listen: Listen) -> bool:
    """Whether an identical row came before it."""
    first = identity.event_id(
        listen["listener_id"], listen["ended_at"], listen["song_id"], listen["ms_played"], 0
    )
    return bool(listen["event_id"] != first)


def without_personal_data(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the row says of the playback; any other field may hold an address or a name."""
    return {
        name: shortened(row[name]) if isinstance(row[name], str | list | dict) else row[name]
        for name in _HARMLESS_FIELDS
        if name in row
    }


# typed: 1 and true are equal, and only one of them is a title.
@lru_cache(maxsize=50_000, typed=True)
def _work(*values: object) -> Listen:
    work = work_of(dict(zip(_WORK_FIELDS, map(text_of, values), strict=True)))
    return {
        "kind": work.kind,
        "song_id": identity.song_id(work.artist, work.title),
        "title": work.title,
        "artist": work.artist,
        "artist_id": identity.artist_id(work.artist),
        "album": work.album,
        "album_id": identity.album_id(work.artist, work.album) if work.album else None,
        "uri": work.uri,
    }


@lru_cache(maxsize=50_000, typed=True)
def _context(*values: object) -> Listen:
    raw = dict(zip(_CONTEXT_FIELDS, values, strict=True))
    platform = text_of(raw["platform"])
    return {
        "platform": platforms.folded(platform) if platform else None,
        "platform_raw": platform,
        "country": country_code(text_of(raw["conn_country"]) or text_of(raw["country"])),
        "reason_start": text_of(raw["reason_start"]),
        "reason_end": text_of(raw["reason_end"]),
        "shuffle": boolean_of(raw["shuffle"]),
        "skipped": boolean_of(raw["skipped"]),
        "offline": boolean_of(raw["offline"]),
        "incognito": boolean_of(raw["incognito_mode"]),
    }


def _ms_played(value: object) -> int:
    ms_played = whole_of(value)
    if ms_played is None:
        raise RowRejectedError("bad_ms_played")
    if ms_played < 0:
        raise RowRejectedError("negative_ms_played")
    if ms_played > MAX_MS_PLAYED:
        raise RowRejectedError("absurd_ms_played")
    return ms_played
