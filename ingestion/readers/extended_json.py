"""The extended history: `Streaming_History_Audio_*.json`, `…_Video_*.json`, `endsong_*.json`.

Its names are the ones that all readers yield, so that rows pass as they are; unknown keys and
personal ones (`ip_addr`, `username`, `user_agent_decrypted`) are never looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

REQUIRED_KEYS = frozenset(("ts", "ms_played"))


def rows(elements: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Every element of the list, numbered from 1."""
    return enumerate(elements, start=1)
