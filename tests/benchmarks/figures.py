"""What the benchmarks found: printed, and kept as JSON lines."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np


@dataclass(frozen=True)
class Figures:
    """Prints each figure and appends it to a file of JSON lines."""

    path: Path

    def record(
        self, name: str, value: float, unit: str, *, ratio: float | None = None, of: str = ""
    ) -> None:
        """One figure.

        Args:
            name: what was measured.
            value: how much.
            unit: of what.
            ratio: the value over the baseline's.
            of: what the baseline is.
        """
        beside = "" if ratio is None else f"  ({ratio:.2f} of {of})"
        print(f"{name:70}{_shown(value):>12} {unit}{beside}", flush=True)
        line = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "name": name,
            "value": value,
            "unit": unit,
            "ratio": ratio,
            "baseline": of,
            "load_1_minute": round(os.getloadavg()[0], 2),
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def record_times(self, name: str, milliseconds: list[float]) -> None:
        """Median and 99th percentile."""
        self.record(f"{name}, median", float(np.median(milliseconds)), "ms")
        self.record(f"{name}, p99", float(np.percentile(milliseconds, 99)), "ms")


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Gives a function that says the seconds since the start, or of the whole block."""
    began, ended = perf_counter(), 0.0
    yield lambda: (ended or perf_counter()) - began
    ended = perf_counter()


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
