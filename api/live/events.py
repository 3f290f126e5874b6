"""Server-sent events as text: what a line of `/api/stream` looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

RETRY_MS = 2_000
"""How long a client waits before it comes back."""

MEDIA_TYPE = "text/event-stream"


def opening(place: str) -> bytes:
    """When to come back, and the place where the stream begins, before anything was heard."""
    return f"retry: {RETRY_MS}\nid: {place}\n\n".encode()


def heartbeat(place: str) -> bytes:
    """A comment that keeps the connection, and the place that has been looked at meanwhile."""
    return f": {place}\nid: {place}\n\n".encode()


def event(name: str, data: Mapping[str, Any], place: str) -> bytes:
    """One event; its data are JSON on one line."""
    packed = orjson.dumps(data, default=_hex, option=orjson.OPT_UTC_Z)
    return f"event: {name}\nid: {place}\ndata: ".encode() + packed + b"\n\n"


def _hex(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"no JSON for {type(value).__name__}")
