"""What `playcount tail` does: the messages on Kafka, one a line."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from ingestion.interruption import Interruption, interruptible
from ingestion.listening_history import history_writer, record_of
from listens.brokers import client_options, probe
from listens.codec import UndecodableError, decode
from listens.errors import ServiceDownError, UserMistakeError
from listens.rules import MESSAGE_REJECTIONS
from listens.settings import Settings

if TYPE_CHECKING:
    from kafka.consumer.fetcher import ConsumerRecord

POLL_MS = 500
FLUSH_SECONDS = 1


def run(
    settings: Settings,
    *,
    from_beginning: bool,
    limit: int | None,
    as_json: bool,
    avro: Path | None = None,
) -> None:
    """Print messages, or write them to a file, until the limit or Ctrl-C.

    Raises:
        ServiceDownError: Kafka doesn't answer, or lacks the topic.
        UserMistakeError: the file can't be written.
    """
    probe(settings)
    show = json_line if as_json else text_line
    with interruptible() as interruption:
        messages = islice(_messages(settings, from_beginning, interruption), limit)
        if avro is not None:
            _write(avro, messages)
            return
        for message in messages:
            print(show(message), flush=True)


def _write(path: Path, messages: Iterator[ConsumerRecord]) -> None:
    """Write the listens; after each second of them the file is complete so far."""
    written = undecodable = 0
    try:
        with path.open("wb") as stream:
            writer, flushed = history_writer(stream), time.monotonic()
            for message in messages:
                try:
                    writer.write(record_of(decode(message.value or b"")))
                    written += 1
                except UndecodableError:
                    undecodable += 1
                if time.monotonic() - flushed > FLUSH_SECONDS:
                    writer.flush()
                    flushed = time.monotonic()
            writer.flush()
    except OSError as error:
        raise UserMistakeError(f"{path} can't be written: {error.strerror or error}") from error
    left_out = f"; {undecodable:,} messages were no listens" if undecodable else ""
    print(f"wrote {written:,} listens to {path}{left_out}", file=sys.stderr)


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
