"""A CSV file to which whole periods are appended, each once, whenever the writer is killed.

What is in the file says where it goes on. Each row has its `rank` and how many rows its period has
(`of`), so that a period without its last row is known, taken out and written again; a silent one
has a row of rank 0 of 0. Texts have no line breaks: a line is a row.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from listens.errors import UserMistakeError

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_FIRST_TAIL = 1 << 16

LEADING = ("rank", "of")
"""The columns after the period's name."""

Period = tuple[str, Sequence[Sequence[Any]]]
"""Its name, and its rows without name and LEADING."""


class Appended:
    """The file, which is this process's alone while it's open.

    Attributes:
        last: name of the last whole period in it; None where there's none.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Open or make the file, and take out what was left half written.

        Raises:
            UserMistakeError: it has other columns, can't be written, or is written by another.
        """
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise UserMistakeError(f"can't write {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise UserMistakeError(f"another export writes to {path}; stop it first") from error
        header = _line(columns)
        if not self._has_header(header):
            self._refuse_others(path, header)
            os.ftruncate(self._file, 0)
            self._append(header)
        self.last = self._repaired(len(header))

    def append(self, periods: Iterable[Period], *, width: int) -> None:
        """Append periods, the oldest first: name, and rows of `width` columns after LEADING."""
        lines = []
        for name, rows in periods:
            ranked = [(rank, len(rows), *row) for rank, row in enumerate(rows, start=1)]
            silent = [(0, 0, *("" for _ in range(width)))]
            lines += [_line((name, *row)) for row in ranked or silent]
        self._append(b"".join(lines))

    def close(self) -> None:
        """Let others write."""
        os.close(self._file)

    def _append(self, text: bytes) -> None:
        os.lseek(self._file, 0, os.SEEK_END)
        while text:
            text = text[os.write(self._file, text) :]
        os.fsync(self._file)

    def _has_header(self, header: bytes) -> bool:
        return os.pread(self._file, len(header), 0) == header

    def _refuse_others(self, path: Path, header: bytes) -> None:
        held = os.pread(self._file, len(header) + 1, 0)
        if held and not header.startswith(held):
            os.close(self._file)
            raise UserMistakeError(
                f"{path} isn't such an export: its first line has to be "
                f"{header.decode().rstrip()}; name another file"
            )

    def _repaired(self, begin: int) -> str | None:
        """Cut off what follows the last whole period; its name."""
        size = os.fstat(self._file).st_size
        tail = _FIRST_TAIL
        while True:
            start = max(begin, size - tail)
            text = os.pread(self._file, size - start, start)
            if start > begin:  # the first line may be a part of one
                cut = text.find(b"\n") + 1
                start, text = start + cut, text[cut:]
            kept = _whole_periods(text)
            if kept or start == begin:
                os.ftruncate(self._file, start + kept)
                lines = text[:kept].splitlines()
                return _row(lines[-1])[0] if lines else None
            tail *= 2


def _whole_periods(text: bytes) -> int:
    """Bytes up to the end of the last row that is its period's last."""
    end = text.rfind(b"\n") + 1
    while end:
        begin = text.rfind(b"\n", 0, end - 1) + 1
        _, rank, of = _row(text[begin:end])
        if rank == of:
            return end
        end = begin
    return 0


def _row(line: bytes) -> tuple[str, str, str]:
    name, rank, of = next(csv.reader([line.decode()]))[:3]
    return name, rank, of


def _line(row: Iterable[Any]) -> bytes:
    text = io.StringIO()
    texts = (_CONTROLS.sub(" ", one) if isinstance(one, str) else one for one in row)
    csv.writer(text, lineterminator="\n").writerow(texts)
    return text.getvalue().encode("utf-8", "replace")
