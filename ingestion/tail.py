"""What `playcount tail` does: the messages on Kafka, one a line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from ingestion.interruption import Interruption, interruptible
from listens.brokers import client_options, probe
from listens.codec import UndecodableError, decode
from listens.errors import ServiceDownError
from listens.rules import MESSAGE_REJECTIONS
from listens.settings import Settings

if TYPE_CHECKING:
    from kafka.consumer.fetcher import ConsumerRecord

POLL_MS = 500


def run(settings: Settings, *, from_beginning: bool, limit: int | None, as_json: bool) -> None:
    """Print messages until the limit or Ctrl-C.

    Raises:
        ServiceDownError: Kafka doesn't answer, or lacks the topic.
    """
    probe(settings)
    show = json_line if as_json else text_line
    with interruptible() as interruption:
        messages = _messages(settings, from_beginning, interruption)
        for number, message in enumerate(messages, start=1):
            print(show(message), flush=True)
            if number == limit:
                return


def _messages(
    settings: Settings, from_beginning: bool, interruption: Interruption
) -> Iterator[ConsumerRecord]:
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(
        **client_options(settings),
        client_id="playcount-tail",
        enable_auto_commit=False,
    )
    try:
        numbers = consumer.partitions_for_topic(settings.topic)
        if not numbers:
            raise ServiceDownError(
                f"Kafka has no topic {settings.topic!r} yet; the first import or ./playcount up "
                "makes it"
            )
        partitions = [TopicPartition(settings.topic, number) for number in sorted(numbers)]
        consumer.assign(partitions)
        seek = consumer.seek_to_beginning if from_beginning else consumer.seek_to_end
        seek(*partitions)
        while not interruption.requested:
            for messages in consumer.poll(timeout_ms=POLL_MS).values():
                yield from messages
    finally:
        consumer.close()


def json_line(message: ConsumerRecord) -> str:
    """One message as JSON: `{partition, offset, listen}`, or `reason` instead of the listen."""
    document: dict[str, Any] = {"partition": message.partition, "offset": message.offset}
    try:
        document["listen"] = decode(message.value or b"")
    except UndecodableError as error:
        document["reason"] = error.reason
    return orjson.dumps(document, default=_plain).decode()


def text_line(message: ConsumerRecord) -> str:
    """One message for people."""
    place = f"{message.partition}/{message.offset}"
    try:
        listen = decode(message.value or b"")
    except UndecodableError as error:
        return f"{place} undecodable: {MESSAGE_REJECTIONS.get(error.reason, error.reason)}"
    ended_at = listen["ended_at"].strftime("%Y-%m-%d %H:%M:%S")
    seconds = listen["ms_played"] / 1000
    return _printable(
        f"{place} {ended_at} {listen['listener_id']} {seconds:.1f} s {listen['kind']}: "
        f"{listen['artist']} – {listen['title']}"
    )


def _printable(line: str) -> str:
    """Titles come from strangers: no escape sequence of theirs reaches the terminal."""
    shown = "".join(character if character.isprintable() else "�" for character in line)
    encoding = sys.stdout.encoding or "utf-8"
    return shown.encode(encoding, "replace").decode(encoding)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"no JSON for {type(value).__name__}")
