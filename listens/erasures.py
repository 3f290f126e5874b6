"""Erasures of listeners: what was heard before an erasure's offsets is to be forgotten.

A listener is named by a digest alone, since the tombstone stays when all else is gone.

One document an erasure: `{_id, digest, counted, until, loaded, state, at, parts, negations, events,
imports}`. It stands in the same transaction as the commit with its number, which counts nothing:
commits after it leave out the listener's messages before `until`. What had been counted before is
taken back in `parts`, by a commit each, whose numbers are `negations`: `events` listens together.
`imports` are those that were the listener's. States: BEGUN, NEGATED when all parts are taken back,
and DONE when nothing is left in any store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from listens import store as collections
from listens.offsets import Offsets, from_document, reaches
from listens.store import Document, Store

BEGUN = "begun"
NEGATED = "negated"
DONE = "done"


@dataclass(frozen=True)
class Erasure:
    """One erasure.

    Attributes:
        number: of the commit that it begins with.
        digest: of the listener.
        counted: the offsets before which the listener's messages had been counted.
        until: the offsets before which they are forgotten; `counted`, or beyond.
        loaded: the same of the listener's bulk loads, which had all been counted.
        state: how far it is.
        parts: in how many parts the listener's events are taken back; 0 while that's not known.
        negations: numbers of the commits that have taken back the first parts.
    """

    number: int
    digest: str
    counted: Offsets
    until: Offsets
    loaded: Offsets
    state: str
    parts: int
    negations: tuple[int, ...]

    @property
    def counted_places(self) -> Offsets:
        """The places in the archive before which the listener's events had been counted."""
        return self.counted | self.loaded

    @property
    def places(self) -> Offsets:
        """The places in the archive before which the listener is forgotten."""
        return self.until | self.loaded

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.state == DONE

    @property
    def negation(self) -> int | None:
        """The commit since which nothing of the listener counts; None while some does."""
        is_complete = self.parts and len(self.negations) == self.parts
        return self.negations[-1] if is_complete else None


def digest_of(listener: str) -> str:
    """SHA-256 of the listener's name in UTF-8, hexadecimal: Spark and Python both have it."""
    return sha256(listener.encode("utf-8", "surrogatepass")).hexdigest()


def known(store: Store) -> list[Erasure]:
    """All erasures in their order."""
    return [
        from_store(document) for document in store[collections.ERASURES].find(sort=[("_id", 1)])
    ]


def from_store(document: Document) -> Erasure:
    """The erasure in a document."""
    return Erasure(
        document["_id"],
        document["digest"],
        from_document(document["counted"]),
        from_document(document["until"]),
        from_document(document.get("loaded", {})),
        document["state"],
        document["parts"],
        tuple(document["negations"]),
    )


def part_of(event_id: bytes, parts: int) -> int:
    """In which part an event is taken back: ids are hashes, so that parts are of like size."""
    return int.from_bytes(event_id[:2], "big") % parts


def unfinished_at(seq: int, erasures: Iterable[Erasure]) -> list[Erasure]:
    """Those that had begun by a commit and aren't done, as they stood at that commit."""
    return [
        replace(each, negations=tuple(one for one in each.negations if one <= seq))
        for each in erasures
        if not each.is_done and each.number <= seq
    ]


def beyond(offsets: Offsets, erasures: Iterable[Erasure]) -> Sequence[Erasure]:
    """Those that forget messages at or past the offsets: they are still to be left out."""
    return [each for each in erasures if not reaches(offsets, each.until)]
