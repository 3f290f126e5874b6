"""Names of songs, artists and albums: the first spelling that came, for good."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from listens import store as collections
from listens.names import NAMED, name_document
from listens.store import Store

REMEMBERED = 500_000
"""Ids kept in memory so that they aren't looked up again, about 50 MB at the most."""


def names_of(listens: pa.Table) -> dict[bytes, dict[str, Any]]:
    """Id → what is kept for it, the first row's spelling."""
    names: dict[bytes, dict[str, Any]] = {}
    for column, fields in NAMED:
        ids = listens[column].to_pylist()
        spellings = zip(*(listens[field].to_pylist() for field in fields), strict=True)
        for name_id, spelling in zip(ids, spellings, strict=True):
            if name_id is not None and name_id not in names:
                names[name_id] = dict(zip(fields, spelling, strict=True))
    return names


class KnownNames:
    """Ids that one store is known to hold; bounded, and only ever a saving of look-ups."""

    def __init__(self) -> None:
        self._ids: set[bytes] = set()

    def missing(self, names: dict[bytes, dict[str, Any]], *, store: Store) -> list[dict[str, Any]]:
        """The documents that the store lacks."""
        unknown = [name_id for name_id in names if name_id not in self._ids]
        found = store[collections.NAMES].find({"_id": {"$in": unknown}}, {"_id": 1})
        held = {document["_id"] for document in found}
        self._remember(held)
        return [name_document(each, names[each]) for each in unknown if each not in held]

    def add(self, documents: Iterable[dict[str, Any]]) -> None:
        """Remember ids that a commit has written."""
        self._remember(document["_id"] for document in documents)

    def _remember(self, ids: Iterable[bytes]) -> None:
        if len(self._ids) > REMEMBERED:
            self._ids.clear()
        self._ids.update(ids)
