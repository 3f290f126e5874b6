"""HDFS over WebHDFS: the client, its health, and Playcount's folders."""

from __future__ import annotations

import getpass
import json
import urllib.request
from dataclasses import dataclass
from typing import Any

from hdfs import InsecureClient
from hdfs.util import HdfsError
from requests.exceptions import RequestException

from listens.errors import ServiceDownError
from listens.settings import HDFS_HOME, Settings

ANSWER_SECONDS = 10

FOLDERS = (HDFS_HOME, f"{HDFS_HOME}/history", f"{HDFS_HOME}/installed", "/yarn-logs", "/tmp")  # noqa: S108  # on HDFS
"""Made once: ours, and those that YARN and Spark expect to be there."""

EVERYBODYS = ("/yarn-logs", "/tmp")  # noqa: S108  # on HDFS


@dataclass(frozen=True)
class Health:
    """What the NameNode says of the file system; bytes and numbers."""

    state: str
    capacity: int
    used: int
    live_nodes: int
    files: int
    blocks: int
    under_replicated: int


def client(settings: Settings) -> InsecureClient:
    """A WebHDFS client that acts as `settings.hdfs_user`, or as who runs this."""
    user = settings.hdfs_user or getpass.getuser()
    return InsecureClient(settings.webhdfs, user=user, timeout=ANSWER_SECONDS)


def health(settings: Settings) -> Health:
    """Ask the NameNode.

    Raises:
        ServiceDownError: it doesn't answer.
    """
    beans = _beans(settings, "FSNamesystem"), _beans(settings, "FSNamesystemState")
    system, state = beans
    return Health(
        state["FSState"],
        int(system["CapacityTotal"]),
        int(system["CapacityUsed"]),
        int(state["NumLiveDataNodes"]),
        int(system["FilesTotal"]),
        int(system["BlocksTotal"]),
        int(system["UnderReplicatedBlocks"]),
    )


def why_not_writable(settings: Settings) -> str | None:
    """Write a block and read it back; the reason why that doesn't work, or nothing.

    Raises:
        ServiceDownError: the NameNode doesn't answer.
    """
    found = health(settings)
    if found.state != "Operational":
        return f"the NameNode is {found.state.lower()} (safe mode)"
    if not found.live_nodes:
        return "no DataNode has registered yet"
    probe, words = f"{HDFS_HOME}/.probe", b"written and read back"
    try:
        hdfs = client(settings)
        hdfs.write(probe, words, overwrite=True)
        with hdfs.read(probe) as reader:
            return None if reader.read() == words else "what was written isn't what is read"
    except (HdfsError, RequestException) as error:
        return f"no block can be written: {str(error).splitlines()[0]}"


def make_folders(settings: Settings) -> None:
    """Make FOLDERS where they aren't there.

    Raises:
        ServiceDownError: HDFS doesn't take them.
    """
    try:
        hdfs = client(settings)
        for folder in FOLDERS:
            hdfs.makedirs(folder)
        for folder in EVERYBODYS:
            hdfs.set_permission(folder, "1777")
    except (HdfsError, RequestException) as error:
        raise ServiceDownError(f"HDFS at {settings.webhdfs}: {error}") from error


def _beans(settings: Settings, name: str) -> dict[str, Any]:
    url = f"{settings.webhdfs}/jmx?qry=Hadoop:service=NameNode,name={name}"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
            beans = json.load(answer)["beans"]
    except OSError as error:
        raise ServiceDownError(
            f"HDFS doesn't answer at {settings.webhdfs}: {error}; start it with ./playcount up in "
            "the profile cluster, or set PLAYCOUNT_WEBHDFS_URL"
        ) from error
    if not beans:
        raise ServiceDownError(f"the NameNode at {settings.webhdfs} is still starting")
    first: dict[str, Any] = beans[0]
    return first
