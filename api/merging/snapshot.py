"""What one answer is made from: a batch version and the speed commits after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from listens.rules import RULES_VERSION
from listens.views import OPTIONAL, VIEWS

ANSWER_FORMAT = 3
"""Raised when an unchanged store would be answered differently, so that no ETag outlives it."""


@dataclass(frozen=True)
class StoredWindow:
    """A window of a version: the checksum beside the number makes a cached chart its content's."""

    name: str
    generation: int
    checksum: str


@dataclass(frozen=True)
class Snapshot:
    """A moment: immutable, and therefore so is every answer that is made from it.

    Attributes:
        version: batch version, 0 before the first.
        cut_seq: the last speed commit that the version holds.
        head_seq: the last speed commit of all.
        offsets: partition → the offset before which every event is counted.
        at: when the head was committed; None while there's no data at all.
        lineage: when the first commit after the cut was made, which tells a store that was
            emptied and filled again from the one that was read before.
        windows: window name → where its charts are.
        rules: rules version and time zone of the batch version.
        views: the optional views that the version and every commit after it count.
    """

    version: int = 0
    cut_seq: int = 0
    head_seq: int = 0
    offsets: Mapping[str, int] = field(default_factory=dict)
    at: datetime | None = None
    lineage: datetime | None = None
    windows: Mapping[str, StoredWindow] = field(default_factory=dict)
    rules: tuple[int, str] = (RULES_VERSION, "")
    views: frozenset[str] = frozenset(OPTIONAL)

    def counts(self, view: str) -> bool:
        """Whether all that the snapshot is made of has counted the view."""
        return VIEWS[view].counted == "always" or view in self.views

    def as_of(self) -> dict[str, Any]:
        """The `as_of` of an answer."""
        return {
            "batch_version": self.version,
            "cut_seq": self.cut_seq,
            "head_seq": self.head_seq,
            "offsets": dict(self.offsets),
            "at": self.at,
        }

    def etag(self, question: str) -> str:
        """A strong ETag: equal for equal bytes, as the snapshot and the question make them."""
        facts = (
            ANSWER_FORMAT,
            self.version,
            self.cut_seq,
            self.head_seq,
            sorted(self.offsets.items()),
            self.at,
            self.rules,
            sorted((name, each.checksum) for name, each in self.windows.items()),
            question,
        )
        return blake2b(repr(facts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
