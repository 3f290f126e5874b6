"""The sinks by name, and what each is called at Kafka and at the supervisor."""

from __future__ import annotations

NAMES = ("postgres", "azure", "cassandra")
"""Every other system that listens can be handed to; `streaming/sinks/` holds their code."""


def component(name: str) -> str:
    """The sink as a component of the stack."""
    return f"sink-{name}"


def consumer_group(name: str, database: str) -> str:
    """The sink's consumer group; of its own for each installation that shares the brokers."""
    return f"playcount-sink-{name}-{database}"
