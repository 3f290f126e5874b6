"""PostgreSQL: all listens in the table `listens`, each once by its `event_id`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from listens.codec import field_names, schema_text
from listens.errors import UserMistakeError
from listens.settings import Settings
from streaming.sinks.sink import Delivery, SinkDownError

TABLE = sql.Identifier("listens")
PLACE = {"kafka_partition": "integer", "kafka_offset": "bigint"}
TYPES = {
    "string": "text",
    "Hash128": "bytea",
    "timestamp-millis": "timestamptz",
    "long": "bigint",
    "int": "integer",
    "double": "double precision",
    "boolean": "boolean",
}
CONNECT_SECONDS = 5
SILENCE_MS = 20_000
"""After so long without an answer to what was sent, a connection counts as broken."""


def open_sink(settings: Settings) -> PostgresSink:
    """The sink of the settings, not connected yet.

    Raises:
        UserMistakeError: the connection string can't be read.
    """
    try:
        psycopg.conninfo.conninfo_to_dict(settings.postgres_uri)
    except psycopg.ProgrammingError as error:
        raise UserMistakeError(
            "PLAYCOUNT_POSTGRES_URI is no connection string such as postgresql://user@host/name"
        ) from error
    return PostgresSink(settings.postgres_uri)


class PostgresSink:
    """Copies a batch into a temporary table, and from there what the table lacks."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._connection: psycopg.Connection[Any] | None = None

    def prepare(self) -> None:
        """Connect, and make or extend the table."""
        with _translated():
            self._connection = psycopg.connect(
                self._uri,
                connect_timeout=CONNECT_SECONDS,
                tcp_user_timeout=SILENCE_MS,
                autocommit=True,
            )
            # Whatever the server's default: offsets are committed on the strength of a write.
            self._connection.execute("SET synchronous_commit TO on")
            with self._connection.transaction():
                # Two processes that make one table at once fail, "if not exists" or not.
                self._connection.execute("SELECT pg_advisory_xact_lock(hashtext('playcount'))")
                for statement in definition(_columns_of(self._connection)):
                    self._connection.execute(statement)
            self._connection.execute(
                sql.SQL("CREATE TEMP TABLE incoming (LIKE {}) ON COMMIT DELETE ROWS").format(TABLE)
            )

    def write(self, batch: Sequence[Delivery]) -> None:
        """One transaction; of equal ids the first in the topic stays."""
        columns = sql.SQL(", ").join(map(sql.Identifier, column_types()))
        copy = sql.SQL("COPY incoming ({}) FROM STDIN").format(columns)
        add = sql.SQL(
            "INSERT INTO {} ({columns}) SELECT {columns} FROM incoming "
            "ORDER BY kafka_partition, kafka_offset ON CONFLICT (event_id) DO NOTHING"
        ).format(TABLE, columns=columns)
        with _translated():
            if self._connection is None:
                raise SinkDownError("PostgreSQL isn't connected")
            with self._connection.transaction(), self._connection.cursor() as cursor:
                with cursor.copy(copy) as rows:
                    for delivery in batch:
                        rows.write_row(row(delivery))
                cursor.execute(add)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def column_types() -> dict[str, str]:
    """Column → SQL type: a listen's fields in the order of the schema, then its place on Kafka."""
    fields = json.loads(schema_text())["fields"]
    return {field["name"]: _sql_type(field["type"]) for field in fields} | PLACE


def definition(existing: Collection[str]) -> Iterator[sql.Composed]:
    """The statements that make the table, or add the columns that an older one lacks."""
    columns = {
        name: sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in column_types().items()
    }
    if not existing:
        yield sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY (event_id))").format(
            TABLE, sql.SQL(", ").join(columns.values())
        )
        yield sql.SQL("CREATE INDEX ON {} (listener_id, ended_at)").format(TABLE)
        return
    for name in columns.keys() - set(existing):
        yield sql.SQL("ALTER TABLE {} ADD COLUMN {}").format(TABLE, columns[name])


def row(delivery: Delivery) -> list[Any]:
    """The values of `column_types`, in its order."""
    fields = [_storable(delivery.listen[name]) for name in field_names()]
    return [*fields, delivery.partition, delivery.offset]


def _columns_of(connection: psycopg.Connection[Any]) -> list[str]:
    """Of the table as it's there; none when it isn't."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute "
        "WHERE attrelid = to_regclass('listens') AND attnum > 0 AND NOT attisdropped"
    )
    return [name for (name,) in found]


def _storable(value: object) -> object:
    # The one character that PostgreSQL's text can't hold, and a title may.
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value


def _sql_type(avro: Any) -> str:  # noqa: ANN401  # a name, a definition or a union
    if isinstance(avro, list):
        [avro] = [part for part in avro if part != "null"]
    if isinstance(avro, dict):
        avro = avro.get("logicalType") or avro["name"]
    return TYPES[avro]


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        # No more than the first line: the following ones may quote a row.
        first = str(error).partition("\n")[0]
        raise SinkDownError(f"PostgreSQL: {first or type(error).__name__}") from error
