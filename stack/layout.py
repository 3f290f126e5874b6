"""Where the local stack keeps its files: all below `settings.home`."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from listens.settings import Settings

LONGEST_SOCKET_PATH = 100  # Linux takes 107 bytes, and supervisord adds its pid while binding


@dataclass(frozen=True)
class Layout:
    """The folders and files of one home."""

    home: Path

    @property
    def kafka_data(self) -> Path:
        """Kafka's log segments and metadata."""
        return self.home / "data" / "kafka"

    @property
    def mongo_data(self) -> Path:
        """MongoDB's files."""
        return self.home / "data" / "mongo"

    @property
    def hadoop_data(self) -> Path:
        """The files of HDFS and YARN, where they run here."""
        return self.home / "data" / "hadoop"

    @property
    def kafka_properties(self) -> Path:
        """The broker's configuration, written anew by each `up`."""
        return self.home / "conf" / "server.properties"

    @property
    def supervisor_config(self) -> Path:
        """The supervisor's configuration, written anew by each `up`."""
        return self.home / "conf" / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        """The supervisor's pid, while it runs."""
        return self.home / "run" / "supervisord.pid"

    @property
    def lock(self) -> Path:
        """Held while `up` or `down` changes which processes run."""
        return self.home / "run" / "lifecycle.lock"

    @property
    def supervisor_socket(self) -> Path:
        """The supervisor's control socket; in the temporary folder when the home is too deep."""
        socket = self.home / "run" / "supervisor.sock"
        if len(bytes(socket)) <= LONGEST_SOCKET_PATH:
            return socket
        digest = hashlib.sha256(bytes(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"playcount-{digest}.sock"

    def log(self, component: str) -> Path:
        """The log of a component, or of `supervisord`."""
        return self.home / "logs" / f"{component}.log"

    def make_folders(self) -> None:
        """Create the folders that the processes write to."""
        for folder in ("conf", "run", "logs"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        for data in (self.kafka_data, self.mongo_data):
            data.mkdir(parents=True, exist_ok=True)


def layout(settings: Settings) -> Layout:
    """The layout below the settings' home; absolute, as processes start in another folder."""
    return Layout(settings.home.resolve())
