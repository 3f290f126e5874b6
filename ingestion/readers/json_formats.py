"""The formats that are JSON: where their records stand, and by which keys they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ingestion.readers import account_json, extended_json, lastfm, maloja
from ingestion.readers.json_rows import ROWS_LOOKED_AT
from listens.rows import listenbrainz
from listens.rows.names import known_name, renamed

Record = dict[str, Any]

_READERS: dict[str, tuple[tuple[frozenset[str], ...], Callable[[Record], Record]]] = {
    "extended": (extended_json.KEYS, extended_json.row),
    "account": (account_json.KEYS, account_json.row),
    "listenbrainz": (listenbrainz.KEYS, listenbrainz.row),
    "lastfm": (lastfm.KEYS, lastfm.row),
    "maloja": (maloja.KEYS, maloja.row),
    "jsonl": ((), renamed),
}
"""Format → the keys that tell it, in any of some sets, and what makes a row of a record."""

OWN_KEYS = frozenset(("ts", "ms_played"))

_ENVELOPES = (("recenttracks", "track"), ("payload", "listens"), ("scrobbles",))
"""Where a page of an API, or a whole export, has its records."""


def format_of(elements: Iterable[Any]) -> str | None:
    """Told by the keys of the first hundred records, since a broken one may lack any of them."""
    for _, element in zip(range(ROWS_LOOKED_AT), elements, strict=False):
        if isinstance(element, dict):
            for name, (key_sets, _reader) in _READERS.items():
                if any(element.keys() >= keys for keys in key_sets):
                    return name
    return None


def format_of_lines(elements: Iterable[Any]) -> str | None:
    """As `format_of`; rows under the names of the table, or of the extended history, are ours."""
    found = format_of(elements)
    if found not in (None, "extended"):
        return found
    named = [{known_name(key) for key in each} for each in elements if isinstance(each, dict)]
    return "jsonl" if any(keys >= OWN_KEYS for keys in named) else None


def rows_of(format_: str, elements: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Every element numbered from 1, records under the names of the extended history."""
    _, row = _READERS[format_]
    for number, element in enumerate(elements, start=1):
        yield number, row(element) if isinstance(element, dict) else element


def elements_of(value: object) -> list[Any] | None:
    """The elements of a list, of the pages in it, or of an envelope; None where there are none."""
    if isinstance(value, list):
        pages = [_inside(element) for element in value]
        if not any(page is not None for page in pages):
            return value
        return [
            each
            for page, element in zip(pages, value, strict=True)
            for each in ([element] if page is None else page)
        ]
    return _inside(value)


def _inside(value: object) -> list[Any] | None:
    if isinstance(value, list):
        return value
    for path in _ENVELOPES:
        inner = value
        for key in path:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, list):
            return inner
        if isinstance(inner, dict):
            # Last.fm writes the only track of a page without a list around it.
            return [inner]
    return None
