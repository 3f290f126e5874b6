"""One playback in two formats: account data has times to the minute, all others to the second.

`listens.identity.seen_key` tells of each counted event when it ended, what was heard and for how
long, and how precisely its time is known. So rows of a file can be told that stand for an event
which a format of the other precision has brought (docs/decisions/0009).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from listens import erasures, identity
from listens import store as collections
from listens.errors import PlaycountError
from listens.rows.normalise import Listen

if TYPE_CHECKING:
    from listens.store import Store

MINUTE_SECONDS = 60

GAP_MINUTES = 24 * 60
"""Minutes further apart are looked up by queries of their own: what one day's gap of a listener
holds is read faster than another query is asked."""

RANGES_AT_MOST = 64

Playback = tuple[str, int, bytes]
"""Listener, minute since 1970, and `listens.identity.heard_hash`."""


@dataclass
class _Seen:
    """What was counted around some listens.

    Attributes:
        own: keys of events whose times have the file's own precision.
        others: how many there are of the other precision, of each playback.
    """

    own: set[bytes] = field(default_factory=set)
    others: Counter[Playback] = field(default_factory=Counter)


class Overlap:
    """Leaves out of one file what a format of the other precision has brought.

    Of several rows of one playback, as many are left out as the other format brought; those that
    are counted already themselves aren't among them. So a repeated import leaves out the same.

    Args:
        store: what was counted.
        source: the file's format.

    Raises:
        PlaycountError: the store is of an earlier version.
    """

    def __init__(self, store: Store, *, source: str) -> None:
        self._store = store
        self._to_the_minute = identity.is_to_the_minute(source)
        self._erasures = [each for each in erasures.known(store) if not each.is_done]
        self._met: Counter[Playback] = Counter()
        _refuse_earlier_keys(store)

    def without(self, listens: Sequence[Listen]) -> list[Listen]:
        """The file's next listens, but for those that are left out."""
        seen = self._seen(listens)
        if not seen.others:
            return list(listens)
        return [listen for listen in listens if not self._is_other(listen, seen)]

    def _is_other(self, listen: Listen, seen: _Seen) -> bool:
        listener_id, second = listen["listener_id"], listen["ended_at"] // 1000
        song_id, ms_played = listen["song_id"], listen["ms_played"]
        heard = identity.heard_hash(song_id, ms_played)
        playback = listener_id, second // MINUTE_SECONDS, heard
        if not (others := seen.others[playback]):
            return False
        key = identity.seen_key(
            listen["event_id"],
            listener_id,
            second,
            song_id,
            ms_played,
            to_the_minute=self._to_the_minute,
        )
        if key in seen.own:
            return False
        self._met[playback] += 1
        return self._met[playback] <= others

    def _seen(self, listens: Sequence[Listen]) -> _Seen:
        seen = _Seen()
        minutes: dict[str, set[int]] = defaultdict(set)
        for listen in listens:
            minutes[listen["listener_id"]].add(listen["ended_at"] // 1000 // MINUTE_SECONDS)
        for listener_id, theirs in minutes.items():
            for key in self._keys(listener_id, sorted(theirs)):
                second, heard, to_the_minute = identity.told_by_key(key)
                if to_the_minute == self._to_the_minute:
                    seen.own.add(key)
                else:
                    seen.others[listener_id, second // MINUTE_SECONDS, heard] += 1
        return seen

    def _keys(self, listener_id: str, minutes: Sequence[int]) -> Iterator[bytes]:
        counts = self._what_counts(listener_id)
        for first, last in ranges(minutes):
            low, high = identity.seen_between(
                listener_id, first * MINUTE_SECONDS, (last + 1) * MINUTE_SECONDS
            )
            wanted = {"_id": {"$gte": low, "$lt": high}, **counts}
            for document in self._store[collections.SEEN].find(wanted, {"_id": 1}):
                yield document["_id"]

    def _what_counts(self, listener_id: str) -> dict[str, Any]:
        """Of a listener who is being erased, only what was counted since."""
        digest = erasures.digest_of(listener_id)
        numbers = [each.number for each in self._erasures if each.digest == digest]
        return {"seq": {"$gte": max(numbers)}} if numbers else {}


def ranges(minutes: Sequence[int]) -> list[tuple[int, int]]:
    """The first and the last of each run of sorted minutes, cut at the widest gaps."""
    gaps = [
        (after - before, place)
        for place, (before, after) in enumerate(pairwise(minutes), start=1)
        if after - before > GAP_MINUTES
    ]
    cuts = sorted(place for _, place in sorted(gaps, reverse=True)[: RANGES_AT_MOST - 1])
    bounds = [0, *cuts, len(minutes)]
    return [(minutes[a], minutes[b - 1]) for a, b in pairwise(bounds) if a < b]


def other_formats(source: str, formats: Iterable[str]) -> frozenset[str]:
    """Those of some formats whose times have another precision."""
    own = identity.is_to_the_minute(source)
    return frozenset(each for each in formats if identity.is_to_the_minute(each) != own)


def _refuse_earlier_keys(store: Store) -> None:
    # Shorter data sorts first, whatever its bytes are.
    shorter = {"_id": {"$lt": bytes(identity.SEEN_KEY_BYTES)}}
    if store[collections.SEEN].find_one(shorter):
        raise PlaycountError(
            "MongoDB holds events as an earlier version of Playcount named them, so repeats can't "
            "be told; make it again from the archive first: ./playcount rebuild --force"
        )
