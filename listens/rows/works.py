"""What was heard: a track, a podcast episode or a chapter, under which names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from listens.rows.rejections import RowRejectedError

UNKNOWN_TRACK = "Unknown Track"
UNKNOWN_ARTIST = "Unknown Artist"
UNKNOWN_SHOW = "Unknown Show"

_PLACEHOLDER = (UNKNOWN_TRACK.casefold(), UNKNOWN_ARTIST.casefold())
_BARE_ID = re.compile(r"[0-9A-Za-z]{22}")
_LINK = re.compile(r"https?://open\.spotify\.com/(?:intl-\w+/)?(track|episode)/([0-9A-Za-z]{22})")

Texts = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Work:
    """What a listen is of; `album` is None except for tracks."""

    kind: str
    title: str
    artist: str
    album: str | None
    uri: str | None


def work_of(texts: Texts) -> Work:
    """The work that a row names; a track goes before an episode, an episode before a book.

    Raises:
        RowRejectedError: the row names nothing (`no_title`).
    """
    if title := texts["master_metadata_track_name"]:
        return _track(title, texts)
    if texts["episode_name"] or texts["episode_show_name"]:
        return _episode(texts)
    if texts["audiobook_chapter_title"] or texts["audiobook_title"]:
        return _chapter(texts)
    raise RowRejectedError("no_title")


def _track(title: str, texts: Texts) -> Work:
    artist = texts["master_metadata_album_artist_name"] or UNKNOWN_ARTIST
    uri = one_form(texts["spotify_track_uri"])
    kind = "music"
    if (title.casefold(), artist.casefold()) == _PLACEHOLDER:
        kind = "unknown"
    elif uri and uri.startswith("spotify:episode:"):
        kind = "podcast"
    return Work(kind, title, artist, texts["master_metadata_album_album_name"], uri)


def _episode(texts: Texts) -> Work:
    show = texts["episode_show_name"] or UNKNOWN_SHOW
    return Work("podcast", texts["episode_name"] or show, show, None, texts["spotify_episode_uri"])


def _chapter(texts: Texts) -> Work:
    chapter, book = texts["audiobook_chapter_title"], texts["audiobook_title"]
    title = chapter or book or ""
    uri = texts["audiobook_chapter_uri"] or texts["audiobook_uri"]
    return Work("audiobook", title, book or title, None, uri)


def one_form(uri: str | None) -> str | None:
    """`spotify:track:…` for a bare id of 22 characters and for a link; others as they are."""
    if uri is None or uri.startswith("spotify:"):
        return uri
    if _BARE_ID.fullmatch(uri):
        return f"spotify:track:{uri}"
    if found := _LINK.match(uri):
        return f"spotify:{found[1]}:{found[2]}"
    return uri
