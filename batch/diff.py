"""Which charts changed from one version to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batch import versions
from batch.manifest import grain_of
from listens import store as collections
from listens.errors import UserMistakeError
from listens.packing import unpack_chart
from listens.rules import MEASURES
from listens.store import Document, Store

_ABOUT = ("view", "by", "value")


@dataclass(frozen=True)
class ChartChange:
    """A chart that isn't the same in both versions.

    Attributes:
        window: its month or year, or `all`.
        view, by, value: what it ranks, and whose listens count.
        keys: number of keys before and after.
        sums: measure → its sum over all keys, before and after.
    """

    window: str
    view: str
    by: str
    value: str
    keys: tuple[int, int]
    sums: Mapping[str, tuple[int, int]]


def diff(store: Store, first: int, second: int) -> list[ChartChange]:
    """The charts that differ, window by window, larger changes of plays first.

    Those of months, years and all time: what is stored at its finest only is in none of them.

    Raises:
        UserMistakeError: a version isn't there, or its charts have been removed.
    """
    before, after = (_windows(store, number) for number in (first, second))
    changes = []
    for window in sorted(before.keys() | after.keys()):
        about = before.get(window), after.get(window)
        if about[0] != about[1]:
            changes += _changes(store, window, *about)
    return changes


def _windows(store: Store, number: int) -> dict[str, Any]:
    version = store[collections.BATCH_VERSIONS].find_one({"_id": number})
    kept = (versions.current(store), versions.previous(store))
    if version is None or number not in [each["_id"] for each in kept if each]:
        names = ", ".join(str(each["_id"]) for each in kept if each and each["_id"])
        raise UserMistakeError(
            f"the charts of version {number} aren't kept; those of {names or 'none'} are: "
            "./playcount batch list"
        )
    return dict(version["windows"])


def _changes(
    store: Store, window: str, before: Document | None, after: Document | None
) -> list[ChartChange]:
    charts = [_charts(store, window, about) for about in (before, after)]
    changes = []
    for name in charts[0].keys() | charts[1].keys():
        was, now = (side.get(name, []) for side in charts)
        if _content(was) != _content(now):
            keys = (_keys(was), _keys(now))
            changes.append(ChartChange(window, *name, keys, _sums(was, now)))
    return sorted(changes, key=_by_size)


def _charts(
    store: Store, window: str, about: Document | None
) -> dict[tuple[str, str, str], list[Document]]:
    """Chart → its documents, part after part."""
    if about is None:
        return {}
    wanted = {
        "window": window, "generation": about["generation"], "grain": grain_of(window),
    }  # fmt: skip
    found: dict[tuple[str, str, str], list[Document]] = {}
    for document in store[collections.BATCH_CHARTS].find(wanted, sort=[("part", 1)]):
        view, by, value = (document[name] for name in _ABOUT)
        found.setdefault((view, by, value), []).append(document)
    return found


def _content(parts: list[Document]) -> list[Any]:
    return [(part["key"], part["measures"]) for part in parts]


def _keys(parts: list[Document]) -> int:
    return sum(part["n"] for part in parts)


def _sums(was: list[Document], now: list[Document]) -> dict[str, tuple[int, int]]:
    return {name: (_sum(was, name), _sum(now, name)) for name in MEASURES}


def _sum(parts: list[Document], name: str) -> int:
    return sum(int(unpack_chart(part).measures[name].sum()) for part in parts)


def _by_size(change: ChartChange) -> tuple[int, str, str, str]:
    before, after = change.sums["plays"]
    return -abs(after - before), change.view, change.by, change.value
