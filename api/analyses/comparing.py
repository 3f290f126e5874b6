"""A chart against that of the period before: ranks, sums and rises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.merging.merge import Order, able_values, found
from api.questions.selections import WindowQuery
from api.web.problems import BadParameterError
from listens.packing import Chart, Ints, Keys
from listens.rules import SHOWN
from listens.windows import Span, span_before

BEFORE = tuple(f"{name}_before" for name in SHOWN)
"""What the sums of the period before are called."""


def before(span: Span, parameter: str) -> Span:
    """The period before.

    Raises:
        BadParameterError: the window has no beginning or no end; the parameter is what needs one.
    """
    earlier = span_before(span)
    if earlier is None:
        raise BadParameterError(
            parameter, "a comparison needs a window with a beginning and an end"
        )
    return earlier


def check_comparable(query: WindowQuery, parameter: str) -> None:
    """Check what can be told without looking: a relative window always has a period before.

    Raises:
        BadParameterError: the window has no beginning or no end; the parameter is what needs one.
    """
    if query.reference is None:
        before(query.span_on(None), parameter)


def ranks(chart: Chart, order: Order) -> Ints:
    """The rank of each key of a whole chart, 0 where it has none; keys must be ascending."""
    able, values = able_values(chart.measures.__getitem__, len(chart), order)
    ranked = np.zeros(len(chart), np.int64)
    # Keys are ascending, so a stable sort settles the ties.
    ranked[able[np.argsort(-values, kind="stable")]] = np.arange(1, len(able) + 1)
    return ranked


@dataclass(frozen=True)
class Earlier:
    """The chart of the period before, and the rank of each of its keys."""

    chart: Chart
    ranks: Ints

    def looked_up(self, keys: Keys) -> tuple[Ints, dict[str, Ints]]:
        """Rank and sums of some keys, 0 where there are none."""
        place, known = found(self.chart.key, keys)
        rows = place[known]
        sums = {name: _placed(self.chart.measures[name][rows], known) for name in SHOWN}
        return _placed(self.ranks[rows], known), sums

    def compared(self, keys: Keys, *, offset: int) -> list[dict[str, Any]]:
        """For each key, whose ranks now begin after `offset`: rank, change and sums before."""
        earlier, sums = self.looked_up(keys)
        columns = {f"{name}_before": column.tolist() for name, column in sums.items()}
        return [
            {
                "rank_before": rank or None,
                "rank_change": rank - (offset + row + 1) if rank else None,
                **{name: column[row] for name, column in columns.items()},
            }
            for row, rank in enumerate(earlier.tolist())
        ]


def _placed(values: Ints, known: NDArray[np.bool_]) -> Ints:
    column = np.zeros(len(known), np.int64)
    column[known] = values
    return column
