"""From one row of any format to a listen, or to the reason why it isn't one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import _lru_cache_wrapper, lru_cache
from typing import Any

from ingestion import platforms
from ingestion.rejections import Rejection, RowRejectedError, shortened
from ingestion.times import DateOrder, NotATimeError, parse_ms
from ingestion.works import work_of
from listens import identity
from listens.rules import MAX_MS_PLAYED

Listen = dict[str, Any]

DAY_MS = 24 * 3600 * 1000
"""A clock may be wrong by a time zone, not by more than a day."""

MAX_TEXT = 4096

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
    "reason_start",
    "reason_end",
    "shuffle",
    "skipped",
    "offline",
    "incognito_mode",
)

KNOWN_FIELDS = ("ts", "ms_played", *_WORK_FIELDS, *_CONTEXT_FIELDS, "duration_ms")
"""All that is ever taken from a row; names, addresses and user agents stay in the file."""

_MOST_DIGITS = 19
_COUNTRY_LETTERS = 2

_TRUE = frozenset(("true", "1", "t", "yes"))
_FALSE = frozenset(("false", "0", "f", "no"))


class Normaliser:
    """Turns the rows of one file into listens; knows which identical rows came before.

    Args:
        listener_id: whose history it is.
        source: the format, as kept with every listen.
        import_id: None when nothing is sent.
        now_ms: the present, milliseconds since 1970.
        date_order: see `times.parse_ms`.
    """

    def __init__(
        self,
        *,
        listener_id: str,
        source: str,
        import_id: str | None,
        now_ms: int,
        date_order: DateOrder | None = None,
    ) -> None:
        self._origin = {"listener_id": listener_id, "source": source, "import_id": import_id}
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
        work = _cached(_work, map(row.get, _WORK_FIELDS))
        return {
            **self._origin,
            "event_id": self._event_id(ended_at, work["song_id"], ms_played),
            "ended_at": ended_at,
            "ms_played": ms_played,
            "duration_ms": _length_ms(row.get("duration_ms")),
            **work,
            **_cached(_context, map(row.get, _CONTEXT_FIELDS)),
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

    def _event_id(self, ended_at: int, song: bytes, ms_played: int) -> bytes:
        listener = self._origin["listener_id"] or ""
        first = identity.event_id(listener, ended_at, song, ms_played, 0)
        if first not in self._met:
            self._met.add(first)
            return first
        self._repeats[first] += 1
        return identity.event_id(listener, ended_at, song, ms_played, self._repeats[first])


def without_personal_data(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row's fields that Playcount knows; any other may hold an address or a name."""
    return {
        name: shortened(row[name]) if isinstance(row[name], str | list | dict) else row[name]
        for name in KNOWN_FIELDS
        if name in row
    }


def _cached(fields: _lru_cache_wrapper[Listen], values: Iterable[Any]) -> Listen:
    """The fields made of some values; a song comes many times, and is looked at once."""
    values = tuple(values)
    try:
        return fields(*values)
    except TypeError:
        # A list or an object where a text belongs has no hash, and so no place in a cache.
        return fields.__wrapped__(*values)


# typed: 1 and true are equal, and only one of them is a title.
@lru_cache(maxsize=50_000, typed=True)
def _work(*values: object) -> Listen:
    work = work_of(dict(zip(_WORK_FIELDS, map(_text, values), strict=True)))
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
    platform = _text(raw["platform"])
    return {
        "platform": platforms.folded(platform) if platform else None,
        "platform_raw": platform,
        "country": _country(_text(raw["conn_country"])),
        "reason_start": _text(raw["reason_start"]),
        "reason_end": _text(raw["reason_end"]),
        "shuffle": _boolean(raw["shuffle"]),
        "skipped": _boolean(raw["skipped"]),
        "offline": _boolean(raw["offline"]),
        "incognito": _boolean(raw["incognito_mode"]),
    }


def _text(value: object) -> str | None:
    """A text without white space around it; None when there is none."""
    if not isinstance(value, str):
        # A song named 1999 comes as a number from some tools that write JSON.
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 10**15:
            return None
        value = str(value)
    text = value.strip()
    if len(text) > MAX_TEXT:
        raise RowRejectedError("too_long")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise RowRejectedError("undecodable_text") from error
    return text or None


def _ms_played(value: object) -> int:
    if isinstance(value, str):
        value = _number(value.strip())
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise RowRejectedError("bad_ms_played")
    if value < 0:
        raise RowRejectedError("negative_ms_played")
    if value > MAX_MS_PLAYED:
        raise RowRejectedError("absurd_ms_played")
    return value


def _length_ms(value: object) -> int | None:
    """The length of a track; what is none, or more than a day, isn't known."""
    value = _number(value.strip()) if isinstance(value, str) else value
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return int(value) if 1 <= value <= MAX_MS_PLAYED else None


def _number(text: str) -> int | float | None:
    # Spreadsheets write 61839 as 61839.0.
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return int(text)
    try:
        return float(text)
    except ValueError:
        return None


def _boolean(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip().casefold() if isinstance(value, str | int) else ""
    if text in _TRUE:
        return True
    return False if text in _FALSE else None


def _country(code: str | None) -> str | None:
    """ISO 3166-1 alpha-2; exports write ZZ where they don't know."""
    if code is None or len(code) != _COUNTRY_LETTERS or not (code.isascii() and code.isalpha()):
        return None
    return None if code.upper() == "ZZ" else code.upper()
