"""What an upload is on disk: a folder, of which the import is sure once its order is in it."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

_NAME_BYTES = 200
_SEPARATORS = re.compile(r"[/\\]")


@dataclass(frozen=True)
class Order:
    """What is to be done with the files.

    Attributes:
        listener: whose histories they are; None: their rows say it.
        date_order: of dates such as 7/8/2013, `dmy` or `mdy`; None: the file tells.
    """

    listener: str | None = None
    date_order: str | None = None


@dataclass(frozen=True)
class UploadFolder:
    """`<home>/uploads/<upload id>`, with each file in a folder of its own."""

    path: Path

    @property
    def upload_id(self) -> str:
        """Sorts by time."""
        return self.path.name

    @property
    def output(self) -> Path:
        """What the import has said on standard output: its balance, once all is sent."""
        return self.path / "output.json"

    @property
    def messages(self) -> Path:
        """What it has said on standard error."""
        return self.path / "messages.txt"

    @property
    def is_sealed(self) -> bool:
        """Whether all files are there: from then on nothing but their import removes them."""
        return self._order.exists()

    @property
    def files(self) -> list[Path]:
        """The files, in the order in which they came."""
        numbered = sorted((self.path / "files").iterdir(), key=lambda folder: int(folder.name))
        return [file for folder in numbered for file in folder.iterdir()]

    @property
    def order(self) -> Order:
        """What is to be done with them."""
        return Order(**orjson.loads(self._order.read_bytes()))

    def new_file(self, number: int, name: str) -> Path:
        """Where a file may be written that somebody calls so."""
        folder = self.path / "files" / str(number)
        folder.mkdir(parents=True)
        return folder / safe_name(name)

    def seal(self, order: Order) -> None:
        """Say that all files are there; at once or not at all."""
        unfinished = self._order.with_suffix(".new")
        unfinished.write_bytes(orjson.dumps(asdict(order)))
        unfinished.replace(self._order)

    def remove(self) -> None:
        """Forget files and order."""
        self._order.unlink(missing_ok=True)  # first, so that no half of the files is imported
        shutil.rmtree(self.path)

    @contextmanager
    def locked(self) -> Iterator[int | None]:
        """The descriptor of the folder's lock; None where another process has it.

        Whoever inherits the descriptor keeps the lock, also when this process dies.
        """
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # another process has just removed all of it
            yield None
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
        finally:
            os.close(descriptor)

    @property
    def _order(self) -> Path:
        return self.path / "order.json"


def new_folder(uploads: Path) -> UploadFolder:
    """An empty folder that only this user reads: what is in it is personal."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    folder = UploadFolder(uploads / name)
    folder.path.mkdir(parents=True, mode=0o700)
    return folder


def folders(uploads: Path) -> list[UploadFolder]:
    """All that are there, the oldest first."""
    if not uploads.exists():
        return []
    return [UploadFolder(path) for path in sorted(uploads.iterdir()) if path.is_dir()]


def safe_name(name: str) -> str:
    """A file's name without a path, signs that can't be seen, or a dot in front."""
    last = _SEPARATORS.split(name)[-1]
    seen = "".join(sign for sign in last if sign.isprintable())
    short = seen.encode()[-_NAME_BYTES:].decode(errors="ignore")
    return short.strip().lstrip(".") or "file"
