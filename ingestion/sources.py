"""The files that a user names, unpacked: folders, gzip files and whole export archives."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from listens.errors import UserMistakeError

MAX_UNPACKED_BYTES = 4 << 30
"""4 GiB: three hundred times a large export, and far below what fills a disk or memory."""

_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_UNPACKING_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile)


@dataclass(frozen=True)
class Source:
    """One file, or one member of an archive.

    Attributes:
        name: shown to the user; `archive.zip/member.json` within an archive.
        named: the user gave this very file, so that it must be a listening history.
        opener: opens the unpacked bytes.
    """

    name: str
    named: bool
    opener: Callable[[], BinaryIO]

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The unpacked bytes.

        Raises:
            UserMistakeError: the file can't be read or unpacked, or is larger than the limit.
        """
        try:
            with self.opener() as stream:
                yield stream
        except _UNPACKING_ERRORS as error:
            raise UserMistakeError(
                f"{self.name} can't be unpacked ({error}); it seems to be cut off or damaged: "
                "download or copy it again"
            ) from error
        except OSError as error:
            raise UserMistakeError(
                f"{self.name} can't be read: {error.strerror or error}"
            ) from error


class _Limited(io.RawIOBase):
    """A stream that refuses to give more than the limit, whatever its header claims."""

    def __init__(self, stream: io.BufferedIOBase, name: str) -> None:
        self._stream, self._name = stream, name
        self._left = MAX_UNPACKED_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._stream.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise too_large(self._name)
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._stream.close()
        super().close()


def too_large(name: str) -> UserMistakeError:
    """The refusal of what may be a decompression bomb."""
    return UserMistakeError(
        f"{name} unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB, the limit that keeps a "
        "damaged or hostile archive from filling memory; unpack it yourself and import the parts"
    )


def expand(paths: Iterable[Path]) -> list[Source]:
    """Every file to be looked at, in the order given; files of a folder in the order of names.

    Raises:
        UserMistakeError: a path doesn't exist, can't be read, or is a damaged archive.
    """
    return [source for path in paths for source in _expand_path(path)]


def _expand_path(path: Path) -> Iterator[Source]:
    if not path.exists():
        raise UserMistakeError(f"{path}: there is no such file or folder")
    if path.is_file():
        yield from _expand_file(path, path.name, named=True)
        return
    if not path.is_dir():
        raise UserMistakeError(f"{path} is neither a file nor a folder")
    for file in sorted(path.rglob("*")):
        inside = file.relative_to(path)
        if file.is_file() and not any(part.startswith(".") for part in inside.parts):
            yield from _expand_file(file, inside.as_posix(), named=False)


def _expand_file(path: Path, name: str, *, named: bool) -> Iterator[Source]:
    plain = Source(name, named, lambda: path.open("rb"))
    with plain.open() as stream:
        head = stream.read(4)
    if head.startswith(_GZIP_MAGIC):
        yield Source(name, named, lambda: _open_gzip(path, name))
    elif head.startswith(_ZIP_MAGICS):
        yield from _expand_zip(path, name)
    else:
        yield plain


def _open_gzip(path: Path, name: str) -> BinaryIO:
    return io.BufferedReader(_Limited(gzip.GzipFile(path, "rb"), name), 1 << 20)


def _expand_zip(path: Path, name: str) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except zipfile.BadZipFile as error:
        raise UserMistakeError(
            f"{name} is no whole zip archive ({error}); download or copy it again"
        ) from error
    # A member never gives more than its header says, so the sum of the headers is the bound.
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise too_large(name)
    for member in sorted(members, key=lambda member: member.filename):
        if member.flag_bits & 1:
            raise UserMistakeError(f"{name} is protected by a password; unpack it first")
        yield Source(f"{name}/{member.filename}", False, _member_opener(path, member))


def _member_opener(path: Path, member: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def open_member() -> BinaryIO:
        # The member keeps the archive's file open until it is closed itself.
        return zipfile.ZipFile(path).open(member)  # type: ignore[return-value]

    return open_member
