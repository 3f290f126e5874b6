"""Where the rows of an import that can't be counted are kept for the user to look at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from listens.rows.rejections import Rejection, shortened

EXAMPLES_SHOWN = 3


class RejectionLog:
    """Counts the rejections of one import and writes them, one JSON object a line."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.by_reason: Counter[str] = Counter()
        self.examples: dict[str, list[Rejection]] = {}
        self._file: IO[str] | None = None

    @property
    def total(self) -> int:
        """Rows rejected so far."""
        return self.by_reason.total()

    def add(self, rejection: Rejection) -> None:
        """Count one rejected row and write it down."""
        self.by_reason[rejection.reason] += 1
        shown = self.examples.setdefault(rejection.reason, [])
        if len(shown) < EXAMPLES_SHOWN:
            shown.append(rejection)
        if file := self._opened():
            # ASCII output: a damaged text may hold what UTF-8 can't.
            file.write(json.dumps(rejection.as_document(), default=_shortened) + "\n")

    def close(self) -> None:
        """Close the file; nothing is left of an import without rejections."""
        if self._file:
            self._file.close()

    def _opened(self) -> IO[str] | None:
        if self._file is None and self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="ascii")
        return self._file


@contextmanager
def rejection_log(path: Path | None) -> Iterator[RejectionLog]:
    """A log whose file is closed at the end; without a path it only counts."""
    log = RejectionLog(path)
    try:
        yield log
    finally:
        log.close()


def _shortened(raw: object) -> str:
    return shortened(raw)
