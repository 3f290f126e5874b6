"""Azure Storage queues: each listen as a JSON message in the queue of its personality.

A queue can't tell a repeat: a listen is there at least once, and its `event_id` tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import orjson
from azure.core.exceptions import AzureError, ResourceExistsError
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from listens.errors import UserMistakeError
from listens.settings import Settings
from streaming.sinks.sink import Delivery, SinkDownError

FIELDS = (
    "event_id", "ended_at", "ms_played", "kind", "song_id", "title", "artist", "artist_id",
    "album", "album_id", "uri", "genre", "year", "popularity", "danceability", "energy",
    "duration_ms", "platform", "country", "mood", "personality", "interaction", "rating",
    "reason_start", "reason_end", "shuffle", "skipped", "completed", "offline", "source",
)  # fmt: skip
"""All that isn't about the person: no listener, age, place or import."""

LONGEST_TEXT = 250
"""Characters of one field; with all of them so long, a message keeps below Azure's 64 KiB."""

QUEUE = "listens-{}"
NO_PERSONALITY = "none"
LONGEST_NAME = 63 - len("listens-")
SENDERS = 8
SECONDS = 10
FOR_EVER = -1


def open_sink(settings: Settings) -> AzureSink:
    """The sink of the settings, not connected yet.

    Raises:
        UserMistakeError: the connection string can't be read.
    """
    try:
        _client(settings.azure_storage_connection, QUEUE.format(NO_PERSONALITY))
    except ValueError as error:
        raise UserMistakeError(
            "PLAYCOUNT_AZURE_STORAGE_CONNECTION is no connection string of a storage account, "
            "AccountName=…;AccountKey=…;EndpointSuffix=…"
        ) from error
    return AzureSink(settings.azure_storage_connection)


class AzureSink:
    """Sends a batch with several requests at a time: the service takes one message a request."""

    def __init__(self, connection: str) -> None:
        self._connection = connection
        self._queues: dict[str, QueueClient] = {}

    def prepare(self) -> None:
        """Make the queue of those without a personality; the others come with their listens."""
        with _translated():
            self._ensure(QUEUE.format(NO_PERSONALITY))

    def write(self, batch: Sequence[Delivery]) -> None:
        """Each message is durable when its request has been answered."""
        with _translated():
            for name in dict.fromkeys(queue_of(each.listen) for each in batch):
                self._ensure(name)
            with ThreadPoolExecutor(SENDERS) as senders:
                for _ in senders.map(self._send, batch):
                    pass

    def close(self) -> None:
        """Let go of the connections."""
        for queue in self._queues.values():
            queue.close()
        self._queues.clear()

    def _ensure(self, name: str) -> None:
        if name in self._queues:
            return
        queue = _client(self._connection, name)
        with suppress(ResourceExistsError):
            queue.create_queue()
        self._queues[name] = queue

    def _send(self, delivery: Delivery) -> None:
        queue = self._queues[queue_of(delivery.listen)]
        queue.send_message(body(delivery.listen), time_to_live=FOR_EVER)


def queue_of(listen: dict[str, Any]) -> str:
    """`listens-` and the personality in lower case, or `none`; only what Azure allows in a name."""
    folded = re.sub(r"[^a-z0-9]+", "-", (listen["personality"] or "").lower()).strip("-")
    return QUEUE.format(folded[:LONGEST_NAME].rstrip("-") or NO_PERSONALITY)


def body(listen: dict[str, Any]) -> str:
    """FIELDS that are known as JSON: ids in hexadecimal, times in UTC."""
    known = {name: listen[name] for name in FIELDS if listen[name] is not None}
    return orjson.dumps({name: _plain(value) for name, value in known.items()}).decode()


def _client(connection: str, name: str) -> QueueClient:
    return QueueClient.from_connection_string(
        connection,
        name,
        message_encode_policy=TextBase64EncodePolicy(),
        retry_total=0,  # the runner repeats, and says so
        connection_timeout=SECONDS,
        read_timeout=SECONDS,
    )


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value[:LONGEST_TEXT] if isinstance(value, str) else value


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except AzureError as error:
        first = str(error).partition("\n")[0]
        raise SinkDownError(f"Azure: {first or type(error).__name__}") from error
