"""The folder of a bulk load's parts: of this machine, or on HDFS."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlparse

from listens.errors import ServiceDownError, UserMistakeError
from listens.settings import Settings

if TYPE_CHECKING:
    from hdfs import InsecureClient


class PartFolder(Protocol):
    """A folder that Spark can read as well."""

    def make(self) -> None:
        """Make it, empty."""

    def write(self, name: str, content: bytes) -> None:
        """Write one file."""

    def remove(self) -> None:
        """Remove it with all that's in it, where it's there."""


def part_folder(uri: str, settings: Settings) -> PartFolder:
    """The folder at a URI.

    Raises:
        UserMistakeError: neither a file: nor an hdfs: URI.
    """
    url = urlparse(uri)
    if url.scheme == "file":
        return _OfThisMachine(Path(unquote(url.path)))
    if url.scheme == "hdfs":
        return _OnHdfs(url.path, settings)
    raise UserMistakeError(
        f"PLAYCOUNT_STAGING_URI={settings.staging}: rows are staged in a folder that Spark sees, "
        "too: file:///… or hdfs://…"
    )


class _OfThisMachine:
    def __init__(self, path: Path) -> None:
        self._path = path

    def make(self) -> None:
        self.remove()
        self._path.mkdir(parents=True)

    def write(self, name: str, content: bytes) -> None:
        (self._path / name).write_bytes(content)

    def remove(self) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


class _OnHdfs:
    def __init__(self, path: str, settings: Settings) -> None:
        self._path, self._settings = path, settings

    def make(self) -> None:
        self.remove()
        with self._client() as hdfs:
            hdfs.makedirs(self._path)

    def write(self, name: str, content: bytes) -> None:
        with self._client() as hdfs:
            hdfs.write(f"{self._path}/{name}", content, overwrite=True)

    def remove(self) -> None:
        with self._client() as hdfs:
            hdfs.delete(self._path, recursive=True)

    @contextmanager
    def _client(self) -> Iterator[InsecureClient]:
        from hdfs.util import HdfsError
        from requests.exceptions import RequestException

        from listens.cluster.hdfs import client

        try:
            yield client(self._settings)
        except (HdfsError, RequestException) as error:
            raise ServiceDownError(
                f"HDFS at {self._settings.webhdfs} doesn't take the rows: {error}; look at "
                "./playcount status, then repeat the command"
            ) from error
