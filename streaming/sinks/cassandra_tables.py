"""Cassandra: each listener's listens in the order of time, and the ages of an artist's listeners.

Counters can't be written twice with the effect of once. So a listener's age is kept for each
stream, under its `event_id`, and the average is taken when it's asked for (docs/sinks.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cassandra import ConsistencyLevel, DriverException
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import DCAwareRoundRobinPolicy, TokenAwarePolicy

from listens.settings import Settings, names_in
from streaming.sinks.sink import Delivery, SinkDownError

STREAMS = "music_streams_by_user"
AGES = "listener_ages_by_artist"
BUCKETS = 16
"""Partitions of one artist's ages: at some 50 bytes each, 30 million streams stay below 100 MB."""

COPIES = 3
"""Replicas in a keyspace that is made here, where there are as many nodes."""

SECONDS = 10
UNDER_WAY = 64
COLUMNS = {
    "listener": "text",
    "ended_at": "timestamp",
    "event_id": "blob",
    "ms_played": "bigint",
    "kind": "text",
    "song_id": "blob",
    "title": "text",
    "artist": "text",
    "album": "text",
    "genre": "text",
    "platform": "text",
    "country": "text",
    "mood": "text",
    "personality": "text",
    "interaction": "text",
    "rating": "int",
    "skipped": "boolean",
    "completed": "boolean",
}


def open_sink(settings: Settings) -> CassandraSink:
    """The sink of the settings, not connected yet."""
    return CassandraSink(settings)


class CassandraSink:
    """Writes rows under keys that come from the listen alone: a repeat writes the same row."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cluster: Any = None
        self._session: Any = None
        self._statements: dict[str, Any] = {}

    def prepare(self) -> None:
        """Connect, and make the keyspace and the tables that aren't there."""
        with _translated():
            self._cluster = _cluster(self._settings)
            self._session = self._cluster.connect()
            self._make_keyspace()
            self._session.set_keyspace(self._settings.cassandra_keyspace)
            for statement in tables():
                self._session.execute(statement)
            self._statements = {
                STREAMS: self._session.prepare(_insert(STREAMS, COLUMNS)),
                AGES: self._session.prepare(
                    _insert(AGES, ("artist_id", "bucket", "event_id", "artist", "age"))
                ),
            }

    def write(self, batch: Sequence[Delivery]) -> None:
        """Durable in most replicas of this data centre when it returns."""
        listens = [delivery.listen for delivery in batch]
        with _translated():
            if self._session is None:
                raise SinkDownError("Cassandra isn't connected")
            self._execute(STREAMS, map(stream_row, listens))
            self._execute(AGES, (age_row(listen) for listen in listens if counts_age(listen)))

    def close(self) -> None:
        """Let go of the connections."""
        if self._cluster is not None:
            self._cluster.shutdown()
        self._cluster = self._session = None

    def _execute(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        execute_concurrent_with_args(
            self._session,
            self._statements[table],
            list(rows),
            concurrency=UNDER_WAY,
            raise_on_first_error=True,
        )

    def _make_keyspace(self) -> None:
        # Asked first: to make one needs a right that the user of a ready keyspace may not have.
        keyspace = self._settings.cassandra_keyspace
        if keyspace in self._cluster.metadata.keyspaces:
            return
        near = self._settings.cassandra_datacenter
        nodes = [host for host in self._cluster.metadata.all_hosts() if host.datacenter == near]
        copies = min(COPIES, len(nodes))
        self._session.execute(
            f"CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = "
            f"{{'class': 'NetworkTopologyStrategy', '{near}': {copies}}}"
        )


def tables() -> Iterator[str]:
    """The definitions of both tables."""
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    yield (
        f"CREATE TABLE IF NOT EXISTS {STREAMS} ({columns}, "
        "PRIMARY KEY ((listener), ended_at, event_id)) "
        "WITH CLUSTERING ORDER BY (ended_at DESC, event_id ASC)"
    )
    yield (
        f"CREATE TABLE IF NOT EXISTS {AGES} (artist_id blob, bucket tinyint, event_id blob, "
        "artist text, age int, PRIMARY KEY ((artist_id, bucket), event_id))"
    )


def stream_row(listen: dict[str, Any]) -> tuple[Any, ...]:
    """The values of COLUMNS."""
    return tuple(listen["listener_id" if name == "listener" else name] for name in COLUMNS)


def counts_age(listen: dict[str, Any]) -> bool:
    """Whether it goes into its artist's average: a music stream by somebody of known age."""
    is_stream = listen["kind"] == "music" and listen["ms_played"] > 0
    return is_stream and listen["listener_age"] is not None


def age_row(listen: dict[str, Any]) -> tuple[Any, ...]:
    """Under a bucket that comes from the id, so that a repeat comes to the same one."""
    event_id = listen["event_id"]
    bucket = event_id[0] % BUCKETS
    return listen["artist_id"], bucket, event_id, listen["artist"], listen["listener_age"]


def _insert(table: str, columns: Iterable[str]) -> str:
    names = list(columns)
    marks = ", ".join("?" for _ in names)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  # names of ours


def _cluster(settings: Settings) -> Any:  # noqa: ANN401  # the driver has no types
    near = DCAwareRoundRobinPolicy(local_dc=settings.cassandra_datacenter)
    profile = ExecutionProfile(
        TokenAwarePolicy(near),
        consistency_level=ConsistencyLevel.LOCAL_QUORUM,
        request_timeout=SECONDS,
    )
    user = settings.cassandra_username
    return Cluster(
        names_in(settings.cassandra_hosts),
        port=settings.cassandra_port,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        auth_provider=PlainTextAuthProvider(user, settings.cassandra_password) if user else None,
        connect_timeout=SECONDS,
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (DriverException, NoHostAvailable) as error:
        first = str(error).partition("\n")[0]
        raise SinkDownError(f"Cassandra: {first or type(error).__name__}") from error
