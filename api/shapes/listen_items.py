"""A listen as it is answered, by `/api/recent` and the stream alike."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

SHOWN = (
    "event_id", "listener_id", "ended_at", "ms_played", "seconds_played", "percent_played",
    "duration_ms", "kind", "song_id", "title", "artist", "album", "genre", "platform", "country",
    "city", "mood", "personality", "interaction", "skipped", "completed", "rating",
)  # fmt: skip
"""The fields of a listen that are shown, in this order; null where the listen has none."""


def items_of(listens: pa.Table) -> list[dict[str, Any]]:
    """An item a listen, with `seconds_played`, and `percent_played` of the track's length."""
    return [_item(row) for row in listens.to_pylist()]


def _item(row: dict[str, Any]) -> dict[str, Any]:
    played, whole = row["ms_played"], row["duration_ms"]
    percent = round(100 * played / whole, 1) if whole else None
    more = {"seconds_played": played / 1000, "percent_played": percent}
    return {name: more[name] if name in more else row[name] for name in SHOWN}
