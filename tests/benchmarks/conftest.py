"""One stack for all benchmarks, fed when the first one needs it.

BENCH_SCALE=0.01 makes everything a hundredth as large, to see whether a benchmark works at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from listens.brokers import ensure_topic
from listens.settings import Settings
from stack import lifecycle
from tests.benchmarks.figures import Figures
from tests.benchmarks.installation import Installation, simulate_file

LISTENERS = 5
ROWS_A_LISTENER = 50_000


@dataclass(frozen=True)
class Scale:
    """How large the benchmarks are."""

    factor: float

    def of(self, size: int) -> int:
        """A size at this scale."""
        return max(int(size * self.factor), 1)


@pytest.fixture(scope="session")
def scale() -> Scale:
    return Scale(float(os.environ.get("BENCH_SCALE", "1")))


@pytest.fixture(scope="session")
def bench_settings(new_settings: Callable[[], Settings]) -> Settings:
    return new_settings()


@pytest.fixture(scope="session")
def figures(bench_settings: Settings) -> Iterator[Figures]:
    """The figures of this run; says at the end where they are kept."""
    kept = Figures(bench_settings.home / "figures.jsonl")
    yield kept
    print(f"\nfigures as JSON lines: {kept.path}")


@pytest.fixture(scope="session")
def services(bench_settings: Settings) -> Iterator[Installation]:
    """Kafka and MongoDB, with nothing in them."""
    installation = Installation(bench_settings)
    try:
        installation.up("kafka", "mongod")
        ensure_topic(bench_settings)
        yield installation
    finally:
        lifecycle.down(bench_settings)


@pytest.fixture(scope="session")
def counted(services: Installation, scale: Scale, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backlog of five imported listeners, drained by `streaming`; `api` runs, too."""
    folder = tmp_path_factory.mktemp("histories")
    for number in range(LISTENERS):
        rows = scale.of(ROWS_A_LISTENER)
        path = simulate_file(folder / f"{number}.csv", rows=rows, seed=number)
        services.import_history(path, f"listener-{number}")
    services.up("streaming", "api")
    services.wait_until_counted()
    return folder
