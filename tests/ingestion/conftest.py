"""Small files and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingestion.detect import recognise_all
from ingestion.histories import History
from ingestion.sources import expand
from listens.rows.normalise import Listen, Normaliser
from listens.rows.rejections import Rejection

NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
LATER_MS = 1_893_456_000_000  # 2030-01-01, later than any file that a test reads as it is

Outcome = Listen | Rejection


@pytest.fixture
def history_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file; text as UTF-8."""

    def write(content: str | bytes, name: str = "file") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def _recognised(path: Path, **options: Any) -> History:
    """The one history in a file."""
    (history,) = recognise_all(
        expand([path]), **{"format_": "auto", "date_order": None, **options}
    )[0]
    return history


def _outcomes(history: History, now_ms: int) -> list[Outcome]:
    """The listen or rejection of each row."""
    normalise = Normaliser(
        listener_id="anna",
        source=history.format,
        import_id="i1",
        now_ms=now_ms,
        date_order=history.date_order,
    )
    return [normalise(number, row) for number, row in history.rows()]


@pytest.fixture
def recognised() -> Callable[..., History]:
    """From a path to the one history there."""
    return _recognised


@pytest.fixture
def outcomes_of() -> Callable[[Path], list[Outcome]]:
    """From a path to the outcome of each row there."""
    return lambda path: _outcomes(_recognised(path), LATER_MS)


@pytest.fixture
def read(history_file: Callable[..., Path]) -> Callable[..., list[Outcome]]:
    """From the content of a file to the outcome of each row."""

    def read_content(content: str | bytes, **options: Any) -> list[Outcome]:
        return _outcomes(_recognised(history_file(content), **options), NOW_MS)

    return read_content


@pytest.fixture
def normalise() -> Callable[[object], Outcome]:
    """The outcome of one row under the names of the extended history."""
    normaliser = Normaliser(listener_id="anna", source="extended", import_id="i1", now_ms=NOW_MS)
    return lambda row: normaliser(1, row)
