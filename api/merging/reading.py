"""Reading MongoDB: one function a question; all that is read here is immutable once written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from api.merging.merge import joined_cells, joined_charts
from api.merging.snapshot import Snapshot, StoredWindow
from api.merging.speed_rows import Block, joined
from api.web.problems import BadParameterError, GoneError
from listens.packing import Cells, Chart, shard_of, unpack_cells, unpack_chart
from listens.rules import RULES_VERSION
from listens.store import (
    BATCH_CHARTS,
    BATCH_POINTER,
    BATCH_VERSIONS,
    CURRENT,
    ERASURES,
    NAMES,
    SPEED_COMMITS,
    SPEED_SEGMENTS,
    Document,
    Store,
)
from listens.views import EVERYONE, OPTIONAL

UNSHARDED = -1


class Slice(NamedTuple):
    """Whose listens are counted: everyone's, or those with one value of one slice."""

    by: str = EVERYONE
    value: str = ""


def snapshot(store: Store, *, head_seq: int | None = None) -> Snapshot | None:
    """The present moment, or that after a commit; None when its version was withdrawn meanwhile.

    The pointer comes first and the head last: the version then never holds a commit after it.

    Raises:
        BadParameterError: there's no such commit yet.
        GoneError: the batch version holds later ones, or something was erased after it.
    """
    pointer = store[BATCH_POINTER].find_one({"_id": CURRENT})
    version: Document = {"_id": 0, "cut_seq": 0, "cut": {}, "windows": {}, "at": None}
    if pointer:
        found = store[BATCH_VERSIONS].find_one({"_id": pointer["version"]})
        if found is None or "windows" not in found:  # garbage collection takes these away
            return None
        version = found
    cut_seq = version["cut_seq"]
    head = store[SPEED_COMMITS].find_one(
        {"_id": {"$gt": cut_seq}}, {"until": 1, "at": 1, "views": 1}, sort=[("_id", -1)]
    )
    if head_seq is not None:
        _check_pin(store, head_seq, cut_seq=cut_seq, newest=head["_id"] if head else cut_seq)
        head = store[SPEED_COMMITS].find_one({"_id": head_seq}) if head_seq > cut_seq else None
    after = store[SPEED_COMMITS].find_one({"_id": cut_seq + 1}, {"at": 1}) if head else None
    newest = head or {"_id": cut_seq, "until": version["cut"], "at": version["at"]}
    return Snapshot(
        version=version["_id"],
        cut_seq=cut_seq,
        head_seq=newest["_id"],
        offsets=dict(newest["until"]),
        at=newest["at"],
        lineage=after["at"] if after else None,
        windows={
            name: StoredWindow(name, window["generation"], str(window["checksum"]))
            for name, window in version["windows"].items()
        },
        rules=(version.get("rules_version", RULES_VERSION), version.get("time_zone", "")),
        views=_optional_views(version, head),
    )


def _optional_views(version: Document, head: Document | None) -> frozenset[str]:
    """Those that the version counts, and each commit from it to the head.

    The head says from which commit on all have counted a view.
    """
    counted = frozenset(version.get("views", ()) if version["_id"] else OPTIONAL)
    if head is None:
        return counted
    since = head.get("views", {})
    return frozenset(
        view for view in counted if since.get(view, head["_id"] + 1) <= version["cut_seq"] + 1
    )


def _check_pin(store: Store, head_seq: int, *, cut_seq: int, newest: int) -> None:
    if head_seq > newest:
        raise BadParameterError(
            "head_seq", f"there's no commit {head_seq} yet; the last one is {newest}"
        )
    # What was erased mustn't come back by asking for a moment before it was taken back.
    later = {"$gt": head_seq}
    erasure = store[ERASURES].find_one({"$or": [{"_id": later}, {"negations": later}]})
    if head_seq < cut_seq or erasure:
        raise GoneError(
            f"the moment after commit {head_seq} can't be told any more; begin again without "
            "head_seq"
        )


def is_kept(store: Store, version: int) -> bool:
    """Whether nothing that the version needs can have been collected as garbage yet."""
    pointer = store[BATCH_POINTER].find_one({"_id": CURRENT})
    if pointer is None:
        return version == 0
    return version in (pointer["version"], pointer.get("previous"))


def batch_chart(store: Store, view: str, slice_: Slice, grain: str, window: StoredWindow) -> Chart:
    """The chart of a whole month, year or of all time; keys ascending."""
    documents = _chart_documents(store, view, slice_, grain, [window])
    return joined_charts([unpack_chart(document) for document in documents])


def batch_cells(store: Store, view: str, slice_: Slice, windows: Sequence[StoredWindow]) -> Cells:
    """The finest cells of some months."""
    documents = _chart_documents(store, view, slice_, "day", windows)
    return joined_cells([_day_cells(document) for document in documents])


def segments(store: Store, view: str, slice_: Slice, after: int, until: int) -> Block:
    """The speed layer's cells of one slice, of the commits after `after` up to `until`."""
    wanted: Document = {"view": view, "by": slice_.by, "seq": {"$gt": after, "$lte": until}}
    if slice_.by != EVERYONE:
        wanted["shard"] = {"$in": [UNSHARDED, shard_of(slice_.value.encode())]}
        wanted["values"] = slice_.value  # a segment without the value never leaves the server
    documents = store[SPEED_SEGMENTS].find(wanted).sort("seq", 1)
    return joined([_segment_block(document, slice_) for document in documents])


def names_of(store: Store, ids: Iterable[bytes]) -> dict[bytes, Document]:
    """Id → title, artist and album as they are shown; ids without a name are left out."""
    return {
        document["_id"]: document for document in store[NAMES].find({"_id": {"$in": list(ids)}})
    }


def names_with(
    store: Store, words: Sequence[str], *, ids: Sequence[bytes] | None = None, most: int = 0
) -> dict[bytes, Document]:
    """Id → names, where each of the words begins one of theirs.

    Args:
        store: the database.
        words: folded as `listens.folding.sought` does, the most telling first.
        ids: only of these; None: of all.
        most: how many at most, in no order; 0: all.
    """
    # A prefix is a range of the index; the first word's is read, the others are looked at.
    wanted: Document = {"$and": [{"words": {"$regex": f"^{re.escape(word)}"}} for word in words]}
    if ids is not None:
        wanted["_id"] = {"$in": [*ids]}
    found = store[NAMES].find(wanted, {"title": 1, "artist": 1, "album": 1}).limit(most)
    return {document["_id"]: document for document in found}


def works_of(store: Store, artist_id: bytes) -> list[bytes]:
    """The ids of an artist's songs and albums."""
    found = store[NAMES].find({"artist_id": artist_id}, {"_id": 1})
    return [document["_id"] for document in found]


def batch_slice_values(store: Store, by: str, window: StoredWindow) -> list[str]:
    """The values of a slice in a version, from the chart of all time."""
    return store[BATCH_CHARTS].distinct(
        "value",
        {
            "view": "totals",
            "by": by,
            "grain": "all",
            "window": window.name,
            "generation": window.generation,
        },
    )


def speed_slice_values(store: Store, by: str, after: int, until: int) -> set[str]:
    """The values of a slice in the commits after `after` up to `until`."""
    documents = store[SPEED_SEGMENTS].find(
        {"view": "totals", "by": by, "seq": {"$gt": after, "$lte": until}}, {"values": 1}
    )
    return {value for document in documents for value in document.get("values", [])}


def erased_slice_values(store: Store, by: str, after: int, until: int) -> set[str]:
    """The values of a slice of which these commits take back something."""
    wanted = {"view": "totals", "by": by, "seq": {"$gt": after, "$lte": until}}
    documents = store[SPEED_SEGMENTS].find({**wanted, "minus": {"$exists": True}}, {"values": 1})
    return {value for document in documents for value in document.get("values", [])}


def _chart_documents(
    store: Store, view: str, slice_: Slice, grain: str, windows: Sequence[StoredWindow]
) -> list[Document]:
    """The documents of some windows, window by window and part by part."""
    wanted = {(window.name, window.generation) for window in windows}
    found = store[BATCH_CHARTS].find(
        {
            "view": view,
            "by": slice_.by,
            "value": slice_.value,
            "grain": grain,
            "window": {"$in": [window.name for window in windows]},
            "generation": {"$in": sorted({window.generation for window in windows})},
        }
    )
    documents = [each for each in found if (each["window"], each["generation"]) in wanted]
    return sorted(documents, key=lambda document: (document["window"], document["part"]))


def _day_cells(document: Document) -> Cells:
    chart = unpack_chart(document)
    window = np.zeros(len(chart), np.int64)
    if "windows" in document:
        window = np.frombuffer(document["windows"], "<i4").astype(np.int64)
    return Cells(window, np.zeros(len(chart), "S1"), chart.key, chart.measures)


def _segment_block(document: Document, slice_: Slice) -> Block:
    cells = unpack_cells(document)
    if slice_.by != EVERYONE:
        cells = cells.where(cells.value == slice_.value.encode())
        cells = Cells(cells.window, np.zeros(len(cells), "S1"), cells.key, cells.measures)
    return Block(np.full(len(cells), document["seq"], np.int64), cells)
