"""Sketches of who has which key, read from both layers: no more is read than there's room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from api.analyses.hours import windows_within
from api.analyses.sketch import Sketch, hashes_of, sketch_of, united
from api.merging.merge import found
from api.merging.pieces import StoredPiece
from api.merging.snapshot import Snapshot
from api.merging.sums import SumsByValue, batch_sums, speed_sums
from listens.packing import Keys
from listens.store import Store
from listens.views import VIEWS
from listens.windows import ALL, Span

_FIRST_GROUP = 16
"""Listeners that are read at first."""

_GROUPS = 16
"""Groups of listeners double until one brings this part of what there's room for."""

_Dated = tuple[SumsByValue, Span]


def batch_sketch(
    store: Store,
    view: str,
    parts: Iterable[StoredPiece],
    listeners: Iterable[str],
    keys: Keys,
    *,
    most: int,
) -> Sketch:
    """Who has which key in some stored windows, by place in `keys`.

    Listeners are read in the order of their hashes, in groups, until there are too many pairs.

    Args:
        store: the database.
        view: what the keys are.
        parts: the windows.
        listeners: all who may have something in them.
        keys: ascending; those of the windows' charts of everyone.
        most: how many pairs may be in the sketch at most.
    """
    names = np.array([*listeners], object)
    in_order = names[np.argsort(hashes_of(names.tolist()), kind="stable")].tolist()
    windows = [*parts]
    groups: list[Sketch] = []
    pairs, first, size = 0, 0, _FIRST_GROUP
    while first < len(in_order) and pairs <= most:
        group = in_order[first : first + size]
        group_sketch = _sketch(_charts(store, view, windows, group), view, keys, most=most)
        groups.append(group_sketch)
        pairs += len(group_sketch)
        first += size
        if len(group_sketch) < most // _GROUPS:
            size *= 2
    return united(groups, most=most)


def speed_sketch(
    store: Store, snapshot: Snapshot, view: str, span: Span, keys: Keys, *, most: int
) -> Sketch:
    """As `batch_sketch`, in the commits since the snapshot's cut.

    Segments hold many listeners each, so that all are read; what doesn't fit is let go early.
    """
    sketch, waiting, pairs = united([], most=most), [], 0
    for cells in speed_sums(store, view, "listener", snapshot.cut_seq, snapshot.head_seq):
        waiting.append((cells, span))
        pairs += len(cells.key)
        if pairs > most:
            more = _sketch(waiting, view, keys, most=most)
            sketch, waiting, pairs = united([sketch, more], most=most), [], 0
    return united([sketch, _sketch(waiting, view, keys, most=most)], most=most)


def _charts(
    store: Store, view: str, windows: Sequence[StoredPiece], listeners: Sequence[str]
) -> Iterable[_Dated]:
    for piece, window in windows:
        # Only charts of days know their days; of any longer one, all is wanted.
        span = piece.span if piece.grain == "day" else ALL
        for cells in batch_sums(store, view, "listener", piece.grain, window, listeners):
            yield cells, span


def _sketch(parts: Iterable[_Dated], view: str, keys: Keys, *, most: int) -> Sketch:
    """The sketch of some cells, each with the days that are wanted of them."""
    none = np.empty(0, np.int64)
    listener, key, sums = [none], [np.empty(0, keys.dtype)], [none]
    for read, span in parts:
        cells = read
        if not span.is_all:
            cells = read.where(windows_within(read.window, span, finest=VIEWS[view].finest))
        listener.append(hashes_of(cells.values)[cells.place])
        key.append(cells.key)
        sums.append(cells.sums)
    # What isn't among everyone's keys has been taken back from everyone who had it.
    place, known = found(keys, np.concatenate(key))
    return sketch_of(
        np.concatenate(listener)[known],
        place[known].astype(np.int64),
        np.concatenate(sums)[known],
        most=most,
    )
