"""Some keys of a chart, batch and speed together, without going through all of it."""

from __future__ import annotations

import numpy as np

from api.merging.merge import Overlay, found, more_of
from listens.packing import Chart, Keys
from listens.rules import MEASURES


def chosen(batch: Chart, overlay: Overlay, keys: Keys) -> Chart:
    """Those of the keys that the chart has; they're distinct and ascending, and stay so."""
    place, held = found(batch.key, keys)
    spot, touched = found(overlay.touched.key, keys)
    gone = np.zeros(len(keys), np.bool_)
    gone[touched] = overlay.gone[spot[touched]]
    measures = {}
    for name in MEASURES:
        column = np.zeros(len(keys), np.int64)
        column[held] = batch.measures[name][place[held]]
        column[touched] = overlay.sums(batch, name)[spot[touched]]
        measures[name] = column
    return more_of(Chart(keys, measures), (held | touched) & ~gone)
