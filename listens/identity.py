"""What makes two songs, or two listens, the same one."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from hashlib import blake2b

HASH_BYTES = 16

SEEN_KEY_BYTES = 19

MINUTE_SOURCES = ("account",)
"""The sources whose times have no seconds; all others tell the second."""

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


def is_to_the_minute(source: str) -> bool:
    """Whether a listen's `source` writes times without seconds."""
    return source in MINUTE_SOURCES


def seen_key(
    event_id: bytes,
    listener_id: str,
    second: int,
    song_id: bytes,
    ms_played: int,
    *,
    to_the_minute: bool,
) -> bytes:
    """SEEN_KEY_BYTES that name an event as its id does, and sort by listener and time.

    An import then adds to a few pages of the index of what was seen, where ids alone, which are
    hashes, touch all of them (docs/decisions/0007). What was heard, and whether the source knows
    the second, stand in it too, so that another format's row of the same playback is found
    (docs/decisions/0009). Two events of one listener, second, song and time played agree once in
    2^39, others once in 2^79.

    Args:
        event_id: as `event_id` makes it.
        listener_id: who listened.
        second: of the end, since 1970.
        song_id: what was heard.
        ms_played: how long.
        to_the_minute: as `is_to_the_minute` tells of the source.
    """
    last = (event_id[4] & 0xFE) | to_the_minute
    heard = heard_hash(song_id, ms_played)
    return _listener_hash(listener_id) + _big_endian(second) + heard + event_id[:4] + bytes((last,))


def heard_hash(song_id: bytes, ms_played: int) -> bytes:
    """5 bytes for a song and the milliseconds heard, as they stand in a key."""
    return blake2b(song_id + ms_played.to_bytes(8, "big"), digest_size=5).digest()


def seen_between(listener_id: str, first: int, end: int) -> tuple[bytes, bytes]:
    """The half-open range of a listener's keys from one second to another.

    As long as keys are: MongoDB sorts binary data by length first.
    """
    head, rest = _listener_hash(listener_id), bytes(10)
    return head + _big_endian(first) + rest, head + _big_endian(end) + rest


def told_by_key(key: bytes) -> tuple[int, bytes, bool]:
    """What `seen_key` was made of: second, `heard_hash`, and whether it's to the minute."""
    return int.from_bytes(key[4:9], "big"), key[9:14], bool(key[18] & 1)


def _big_endian(second: int) -> bytes:
    return second.to_bytes(5, "big")


@lru_cache(maxsize=100_000)
def _listener_hash(listener_id: str) -> bytes:
    return blake2b(listener_id.encode("utf-8", "surrogatepass"), digest_size=4).digest()
