"""Names of songs, artists and albums in the store: how they are shown and how they are found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from listens.folding import words_of
from listens.store import Document

NAMED = (
    ("song_id", ("title", "artist", "artist_id")),
    ("artist_id", ("artist",)),
    ("album_id", ("album", "artist", "artist_id")),
)
"""Column of a listen with an id → the columns that are kept for it: spellings, and whose it is."""

_SPELLINGS = ("title", "artist", "album")


def name_document(name_id: bytes, kept: Mapping[str, Any]) -> Document:
    """What the store keeps for an id: its columns in NAMED, and the `words` that find it."""
    return {"_id": name_id, **kept, "words": words_of(*(kept.get(name) for name in _SPELLINGS))}
