"""Which messages of the topic a sink hands over, and why it doesn't hand over the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from listens.codec import UndecodableError, decode
from listens.erasures import Erasure, digest_of
from listens.rules import ERASED, is_in_range
from streaming.sinks.sink import Delivery

if TYPE_CHECKING:
    from kafka.consumer.fetcher import ConsumerRecord


@dataclass
class Judged:
    """Listens to hand over in the order of the topic, and the others counted by their reason.

    The reasons are those of `listens.rules.MESSAGE_REJECTIONS`, and ERASED.
    """

    deliveries: list[Delivery] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def judged(records: Iterable[ConsumerRecord], *, erasures: Sequence[Erasure]) -> Judged:
    """Decode messages and leave out what is no listen, or its listener's to be forgotten."""
    under = Erased(erasures)
    result = Judged()
    for record in records:
        try:
            listen = listen_of(record.key, record.value)
        except UndecodableError as error:
            result.left_out[error.reason] += 1
            continue
        if under.covers(listen["listener_id"], record.partition, record.offset):
            result.left_out[ERASED] += 1
        else:
            result.deliveries.append(Delivery(record.partition, record.offset, listen))
    return result


def listen_of(key: bytes | None, value: bytes | None) -> dict[str, Any]:
    """The listen in a message, as the speed layer would count it.

    Raises:
        UndecodableError: it's none; the speed layer keeps such a message in `rejected_events`.
    """
    listen = decode(value or b"")
    if not is_in_range(listen):
        raise UndecodableError("out_of_range")
    if key != listen["listener_id"].encode():
        raise UndecodableError("key_mismatch")
    return listen


class Erased:
    """What some erasures cover: a listener's messages before an offset."""

    def __init__(self, erasures: Sequence[Erasure]) -> None:
        self._erasures = erasures

    def covers(self, listener: str, partition: int, offset: int) -> bool:
        """Whether a message of the listener at that place is to be forgotten."""
        if not self._erasures:  # nearly always, and a digest costs more than the rest
            return False
        digest = digest_of(listener)
        return any(
            each.digest == digest and offset < each.until.get(partition, 0)
            for each in self._erasures
        )
