"""The extended history: `Streaming_History_Audio_*.json`, `…_Video_*.json`, `endsong_*.json`.

Its names are the ones that all readers yield, so that rows pass as they are; unknown keys and
personal ones (`ip_addr`, `username`, `user_agent_decrypted`) are never looked at.
"""

from __future__ import annotations

from typing import Any

from listens.rows.names import renamed

KEYS = (frozenset(("ts", "ms_played")),)


def row(element: dict[str, Any]) -> dict[str, Any]:
    """One record; one of our own, as a list, has the names of the table."""
    return renamed(element) if "track_name" in element else element
