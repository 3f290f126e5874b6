"""What makes two songs, or two listens, the same one."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from hashlib import blake2b

HASH_BYTES = 16

# The unit separator can't stand in a normalised name, so no two different
# tuples of names are joined to the same text.
_SEPARATOR = "\x1f"


def normalised(name: str) -> str:
    """Fold a name for comparison: Unicode NFKC, case folded, white space folded."""
    # Case folding can undo the composition ("ǰ"), hence NFKC on both sides of it.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


def _hash128(what: str, *parts: str) -> bytes:
    text = _SEPARATOR.join((what, *parts))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()


@lru_cache(maxsize=200_000)
def song_id(artist: str, title: str) -> bytes:
    """16 bytes; equal for equal normalised artist and title, whatever the URI."""
    return _hash128("song", normalised(artist), normalised(title))


@lru_cache(maxsize=100_000)
def artist_id(artist: str) -> bytes:
    """16 bytes; equal for equal normalised artists."""
    return _hash128("artist", normalised(artist))


@lru_cache(maxsize=100_000)
def album_id(artist: str, album: str) -> bytes:
    """16 bytes; equal for equal normalised artist and album."""
    return _hash128("album", normalised(artist), normalised(album))


def event_id(
    listener_id: str, ended_at_ms: int, song: bytes, ms_played: int, ordinal: int
) -> bytes:
    """16 bytes; the identity of one playback.

    `ordinal` counts otherwise identical rows within one file from 0, so that the same file
    twice, or two overlapping exports, name the same events.
    """
    head = f"{listener_id}{_SEPARATOR}{ended_at_ms}{_SEPARATOR}{ms_played}{_SEPARATOR}{ordinal}"
    digest = blake2b(head.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES)
    digest.update(song)
    return digest.digest()


def seen_key(event_id: bytes, listener_id: str, ended_at_ms: int) -> bytes:
    """17 bytes that name an event as its id does, and sort by listener and time.

    An import then adds to a few pages of the index of what was seen, where ids alone, which are
    hashes, touch all of them (docs/decisions/0007). Two events of one listener in one second
    agree once in 2^64.
    """
    seconds = (ended_at_ms // 1000).to_bytes(5, "big")
    return _listener_hash(listener_id) + seconds + event_id[:8]


@lru_cache(maxsize=100_000)
def _listener_hash(listener_id: str) -> bytes:
    return blake2b(listener_id.encode("utf-8", "surrogatepass"), digest_size=4).digest()
