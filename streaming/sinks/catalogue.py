"""Which sinks there are; each is a module whose driver is installed only when it's wanted."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from listens import sinks
from listens.errors import UserMistakeError
from listens.settings import Settings
from streaming.sinks.sink import Sink


@dataclass(frozen=True)
class SinkKind:
    """One sink before it's opened.

    Attributes:
        module: has `open_sink(settings)`, and imports the driver.
        driver: the driver's name on PyPI.
        setting: the setting that says where the target is.
        about: what the target gets.
    """

    module: str
    driver: str
    setting: str
    about: str

    @property
    def is_installed(self) -> bool:
        """Whether the driver is there; found without importing it."""
        try:
            version(self.driver)
        except PackageNotFoundError:
            return False
        return True

    @property
    def variable(self) -> str:
        """The setting's environment variable."""
        return f"PLAYCOUNT_{self.setting.upper()}"


KINDS = {
    "postgres": SinkKind(
        "streaming.sinks.postgres", "psycopg", "postgres_uri", "all listens in one table"
    ),
    "azure": SinkKind(
        "streaming.sinks.azure_queues",
        "azure-storage-queue",
        "azure_storage_connection",
        "each listen in the queue of its personality",
    ),
    "cassandra": SinkKind(
        "streaming.sinks.cassandra_tables",
        "cassandra-driver",
        "cassandra_hosts",
        "listens by listener and time, and ages by artist",
    ),
}


def open_sink(name: str, settings: Settings) -> Sink:
    """The sink, not connected yet.

    Raises:
        UserMistakeError: no such sink, its driver is missing, or a setting is.
    """
    kind = KINDS.get(name)
    if kind is None:
        raise UserMistakeError(f"no sink {name!r}; there are {', '.join(sinks.NAMES)}")
    if not kind.is_installed:
        raise UserMistakeError(
            f"the sink {name} needs the package {kind.driver}, which isn't installed; "
            "type ./playcount env --sinks"
        )
    if not getattr(settings, kind.setting):
        raise UserMistakeError(f"the sink {name} needs its target: set {kind.variable}")
    sink: Sink = import_module(kind.module).open_sink(settings)
    return sink
