"""Which character encoding a file is in, found by its bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

CHUNK_BYTES = 1 << 20

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f\udc80-\udcff]")
# What `surrogateescape` makes of a byte that is no UTF-8.
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")
# Of UTF-16 text in a Latin script half the bytes are zero; of 8-bit text none is.
_MIN_ZEROS = 0.3
# Windows-1252 leaves these bytes undefined; a file that holds one was written as Latin-1.
_UNDEFINED_IN_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")


@dataclass(frozen=True)
class Scan:
    """What one pass over all bytes of a file tells.

    Attributes:
        size: bytes.
        sha256: hex digest of the bytes.
        encoding: Python's name of the encoding.
        head: the first bytes, at most `CHUNK_BYTES`.
    """

    size: int
    sha256: str
    encoding: str
    head: bytes


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a stream in pieces of `CHUNK_BYTES`."""
    while piece := stream.read(CHUNK_BYTES):
        yield piece


def scan(stream: BinaryIO) -> Scan:
    """Read a stream to its end once: size, digest and encoding."""
    digest, size, head = sha256(), 0, b""
    tally = _Utf8Tally()
    for piece in chunks(stream):
        head = head or piece
        size += len(piece)
        digest.update(piece)
        tally.add(piece)
    return Scan(size, digest.hexdigest(), _marked(head) or tally.encoding(), head)


def _marked(head: bytes) -> str | None:
    """The encoding that a byte order mark, or the zeros of UTF-16 text, give away."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    sample = head[:1000]
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[start::2].count(0) > _MIN_ZEROS * len(sample):
            return encoding
    return None


class _Utf8Tally:
    """Whether some of the bytes beyond ASCII are UTF-8, and whether some aren't."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._good = self._bad = self._undefined = False

    def add(self, piece: bytes) -> None:
        text = self._decoder.decode(piece)
        if text.isascii():
            return
        self._good = self._good or _BEYOND_ASCII.search(text) is not None
        if _NOT_UTF8.search(text):
            self._bad = True
            self._undefined = self._undefined or not _UNDEFINED_IN_CP1252.isdisjoint(piece)

    def encoding(self) -> str:
        """UTF-8 as soon as any of it is: then only the damaged rows are lost, not the accents."""
        if self._good or not self._bad:
            return "utf-8"
        return "latin-1" if self._undefined else "cp1252"
