"""A stack of its own to measure: its processes, its commands, and what it takes up."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode, urlparse

import psutil
from kafka import KafkaProducer

from ingestion.simulator.files import write_history
from listens.offsets import waiting
from listens.settings import CHECKOUT, Settings
from listens.store import IMPORTS, SPEED_COMMITS, Document, Store, connect, ensure_indexes
from stack import lifecycle
from stack.layout import layout
from stack.positions import read_positions
from stack.processes import settings_environment
from stack.supervisor import Supervisor
from stack.topic import topic_reader

SONGS = 10_000
PATIENCE_SECONDS = 600
COMMAND_SECONDS = 14_400
POLL_SECONDS = 0.1

Message = tuple[str, bytes]
"""A listener, and an encoded listen."""


class Installation:
    """What the settings name: a database, a topic, an archive, and the services around them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        """The database, with its indexes."""
        if self._store is None:
            self._store = connect(self.settings, timeout_seconds=PATIENCE_SECONDS)
            ensure_indexes(self._store)
        return self._store

    def beside(self, name: str) -> Installation:
        """One on the same services that shares no data with this one."""
        data = self.settings.home / "data"
        return Installation(
            self.settings.model_copy(
                update={
                    "database": f"bench_{name}",
                    "topic": f"bench_{name}",
                    "archive_uri": (data / f"{name}-archive").as_uri(),
                    "checkpoint_uri": (data / f"{name}-checkpoints").as_uri(),
                }
            )
        )

    # Processes

    def up(self, *names: str) -> None:
        """Start components and wait until they work."""
        lifecycle.start(self.settings, names)
        lifecycle.wait_until_ready(
            self.settings, names, progress=lambda _name, _reason: None,
            timeout_seconds=PATIENCE_SECONDS,
        )  # fmt: skip

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `./playcount` as its user does, with some more variables.

        What it tells stands in `command.log` of the home, too: a batch may take hours.
        """
        with (self.settings.home / "command.log").open("w+", encoding="utf-8") as log:
            done = subprocess.run(
                [sys.executable, str(CHECKOUT / "playcount"), *arguments],
                env=os.environ | settings_environment(self.settings) | environment,
                text=True,
                stdout=subprocess.PIPE,
                stderr=log,
                check=False,
                timeout=COMMAND_SECONDS,
            )
            log.seek(0)
            done.stderr = log.read()
        assert done.returncode == 0, done.stderr
        return done

    def resident_mib(self) -> dict[str, float]:
        """Process → its resident memory; the driver of `streaming` and its JVM apart."""
        found = {}
        for name, state in Supervisor(self.settings).states().items():
            if state.pid:
                process = psutil.Process(state.pid)
                below = process.children(recursive=True)
                jvms = [child for child in below if child.name() == "java"]
                rest = [process, *(child for child in below if child not in jvms)]
                found[name] = _mib(rest)
                if jvms:
                    found[f"{name}, JVM"] = _mib(jvms)
        return found

    # Data

    def import_history(self, path: Path, listener: str) -> Document:
        """Import a file by the command, without waiting for the counting; its ledger entry."""
        done = self.command("import", str(path), "--listener", listener, "--json")
        told = json.loads(done.stdout)["imports"][0]
        entry = self.store[IMPORTS].find_one({"_id": told["import_id"]})
        assert entry is not None
        return entry

    def producer(self, **options: Any) -> KafkaProducer:
        """The client as it comes, but for what a caller says."""
        return KafkaProducer(bootstrap_servers=self.settings.bootstrap_servers, **options)

    def send(self, messages: Iterable[Message], **options: Any) -> int:
        """Send messages by the plain client; how many."""
        producer, sent = self.producer(**options), 0
        for listener, message in messages:
            producer.send(self.settings.topic, key=listener.encode(), value=message)
            sent += 1
        producer.flush()
        producer.close()
        return sent

    def end_offsets(self) -> dict[str, int]:
        """The topic's end."""
        with topic_reader(self.settings) as reader:
            return reader.end_offsets()

    def wait_until_counted(self) -> None:
        """Wait until speed and archive have reached the topic's end."""
        end = self.end_offsets()

        def is_counted() -> bool:
            positions = read_positions(self.settings)
            layers = (positions.speed, positions.archive)
            return not any(waiting(end=end, until=layer.until) for layer in layers)

        eventually(is_counted)

    def commits(self) -> list[Document]:
        """The commits that counted something, in order."""
        return list(self.store[SPEED_COMMITS].find({"_id": {"$gt": 0}}).sort("_id", 1))

    # Sizes

    def kafka_bytes(self) -> int:
        """On disk, of the topic's logs."""
        logs = layout(self.settings).kafka_data.glob(f"{self.settings.topic}-[0-9]*")
        return sum(disk_bytes(log) for log in logs)

    def archive_bytes(self) -> int:
        """On disk, of the Delta table with its log."""
        return disk_bytes(Path(unquote(urlparse(self.settings.archive_table).path)))

    def collection_bytes(self) -> dict[str, int]:
        """Collection → bytes in use on disk with its indexes, once everything is written out.

        Files never shrink: what a deletion left is free for later documents, and isn't counted.
        """
        self.store.client.admin.command("fsync")
        sizes = {}
        for name in sorted(self.store.list_collection_names()):
            stats = self.store.command("collStats", name)
            used = stats["storageSize"] - stats["freeStorageSize"]
            sizes[name] = used + stats["totalIndexSize"]
        return sizes


class Client:
    """One connection to the API that stays open."""

    def __init__(self, settings: Settings) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", settings.api_port, timeout=60)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The answer, which must be one."""
        self._connection.request("GET", f"{path}?{urlencode(query)}")
        response = self._connection.getresponse()
        body: dict[str, Any] = json.loads(response.read())
        assert response.status == 200, body
        return body


def simulate_file(path: Path, *, rows: int, seed: int) -> Path:
    """Write a simulated history of six years."""
    write_history(path, rows=rows, seed=seed, first_year=2019, last_year=2024, songs=SONGS)
    return path


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not within {timedelta(seconds=PATIENCE_SECONDS)}"
        time.sleep(POLL_SECONDS)


def disk_bytes(folder: Path) -> int:
    """Bytes that a folder's files take up: blocks, since Kafka's indexes are mostly holes."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def _mib(processes: list[psutil.Process]) -> float:
    return sum(process.memory_info().rss for process in processes) / 2**20
