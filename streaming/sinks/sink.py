"""What a sink is: one other system that listens are handed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from listens.errors import ServiceDownError


@dataclass(frozen=True)
class Delivery:
    """One listen and its place in the topic; `listen` has the fields of the current schema."""

    partition: int
    offset: int
    listen: dict[str, Any]


class SinkDownError(ServiceDownError):
    """The target doesn't answer, or refuses; the message says which and why, and no secret."""


class Sink(Protocol):
    """One target. The runner calls from one thread, and repeats what failed.

    All three raise nothing but `SinkDownError` while a target is away or refuses.
    """

    def prepare(self) -> None:
        """Connect, and make what the target lacks; called again after each failure."""

    def write(self, batch: Sequence[Delivery]) -> None:
        """Hand over listens in the order of the topic.

        When it returns, they survive a crash of the target. It may have to do the same again, in
        whole or in part: listens are told apart by their `event_id`.
        """

    def close(self) -> None:
        """Let go of the connection, also of a broken one; more than once does no harm."""
