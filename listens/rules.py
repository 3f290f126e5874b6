"""What counts as what: the one definition of stream, play, skip, completed and chart.

The expressions are standard SQL over the columns of a listen. Both layers run them through
`listens.aggregation`; no other place states a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

PLAY_MS = 30_000
"""A play is 30 s heard: the rule of Spotify's charts, published so that others can recount."""

MAX_MS_PLAYED = 24 * 3600 * 1000
"""More than a day in one playback is damage, not listening."""

MAX_LISTENER = 128
"""Characters of a listener's name."""

MAX_NAMED = 100
"""Characters of a genre, mood or any other text that is counted by; what is longer is noise."""

FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(5999, 12, 31, tzinfo=UTC)

IN_RANGE = (
    f"ms_played BETWEEN 0 AND {MAX_MS_PLAYED}"
    f" AND ended_at BETWEEN TIMESTAMP '{FIRST_MOMENT:%Y-%m-%d %H:%M:%S}'"
    f" AND TIMESTAMP '{LAST_MOMENT:%Y-%m-%d %H:%M:%S}'"
    f" AND length(listener_id) BETWEEN 1 AND {MAX_LISTENER}"
)
"""What every reader checks before it sends; a message beyond it comes from a broken producer.

Minutes since 1970 of the last year fit 32 bits.
"""


def is_in_range(listen: Mapping[str, Any]) -> bool:
    """IN_RANGE outside of Spark."""
    return (
        0 <= listen["ms_played"] <= MAX_MS_PLAYED
        and FIRST_MOMENT <= listen["ended_at"] <= LAST_MOMENT
        and 1 <= len(listen["listener_id"]) <= MAX_LISTENER
    )


KINDS = ("music", "podcast", "audiobook", "video", "unknown")
"""`unknown` is a placeholder row (`Unknown Track`): kept, but in no chart of music."""

STREAM = "ms_played > 0"
PLAY = f"ms_played >= {PLAY_MS}"
COMPLETED = "(coalesce(completed, false) OR coalesce(reason_end, '') = 'trackdone')"
SKIP = (
    "((coalesce(skipped, false) OR coalesce(reason_end, '') IN ('fwdbtn', 'backbtn'))"
    f" AND NOT {COMPLETED})"
)
MUSIC = "kind = 'music'"
RATED = "coalesce(rating BETWEEN 1 AND 5, false)"
OF_KNOWN_AGE = f"({STREAM} AND coalesce(listener_age BETWEEN 1 AND 120, false))"
OF_KNOWN_LENGTH = f"({STREAM} AND coalesce(duration_ms > 0, false))"
HEARD = "LEAST(1000L, ms_played * 1000L DIV duration_ms)"
"""The share of the track that was heard, in thousandths, of a listen that is OF_KNOWN_LENGTH."""

TENTHS = 10
TENTH = f"CAST(LEAST({TENTHS - 1}L, {HEARD} * {TENTHS} DIV 1000) AS STRING)"
"""The tenth of the track in which such a listen ended, from 0; the last one holds whole tracks."""


def named(column: str) -> str:
    """A text as it's counted by; null where there's none, or one that names nothing."""
    return f"CASE WHEN length({column}) BETWEEN 1 AND {MAX_NAMED} THEN {column} END"


MEASURES: dict[str, str] = {
    "streams": f"CAST({STREAM} AS BIGINT)",
    "plays": f"CAST({PLAY} AS BIGINT)",
    "skips": f"CAST({SKIP} AS BIGINT)",
    "completed": f"CAST({COMPLETED} AS BIGINT)",
    "ms_played": "CAST(ms_played AS BIGINT)",
    "unheard": f"CAST(({SKIP} OR {COMPLETED}) AND NOT {STREAM} AS BIGINT)",
    "rating_sum": f"CASE WHEN {RATED} THEN CAST(rating AS BIGINT) ELSE 0L END",
    "rating_count": f"CAST({RATED} AS BIGINT)",
    "age_sum": f"CASE WHEN {OF_KNOWN_AGE} THEN CAST(listener_age AS BIGINT) ELSE 0L END",
    "age_count": f"CAST({OF_KNOWN_AGE} AS BIGINT)",
    "heard_sum": f"CASE WHEN {OF_KNOWN_LENGTH} THEN {HEARD} ELSE 0L END",
    "heard_count": f"CAST({OF_KNOWN_LENGTH} AS BIGINT)",
}
"""Measure → what one listen adds to it. Sums only, so that any two sets of cells add up.

`heard_sum` is in thousandths of a track. A listen of 0 ms is no stream; that it was skipped or
completed all the same is `unheard`, so that streams and these are all listens that count.
"""

SHOWN = ("streams", "plays", "skips", "completed", "ms_played")
"""The measures that are shown as they are; the others are there for rates."""


@dataclass(frozen=True)
class Rate:
    """A quotient of two sums of measures, taken after the merge: `over` may be several."""

    of: str
    over: tuple[str, ...]
    scale: float = 1.0


RATES: dict[str, Rate] = {
    "average_ms_played": Rate("ms_played", ("streams",)),
    "skip_rate": Rate("skips", ("streams", "unheard")),
    "completion_rate": Rate("completed", ("streams", "unheard")),
    "average_rating": Rate("rating_sum", ("rating_count",)),
    "average_heard": Rate("heard_sum", ("heard_count",), 0.001),
    "average_age": Rate("age_sum", ("age_count",)),
}
"""Rate → what it's the quotient of: shares between 0 and 1, ratings from 1 to 5, years of age."""

DAYPARTS = {
    "night": frozenset((22, 23, *range(6))),
    "morning": frozenset(range(6, 12)),
    "afternoon": frozenset(range(12, 18)),
    "evening": frozenset(range(18, 22)),
}
"""Part of the day → its hours in the reporting zone; all but the night are the day."""

DAYPART = " ".join(
    ["CASE"]
    + [
        f"WHEN hour_of_day IN ({', '.join(map(str, sorted(hours)))}) THEN '{name}'"
        for name, hours in DAYPARTS.items()
    ]
    + ["END"]
)

MESSAGE_REJECTIONS = {
    "bad_marker": "the message doesn't begin with Avro's single-object marker",
    "unknown_schema": "the message names a schema that isn't in listens/schemas",
    "undecodable": "the message's body isn't a record of its schema",
    "out_of_range": "ended_at or ms_played is no time that anybody listened",
    "key_mismatch": "the Kafka key isn't the listener of the event",
}
"""Why a message on Kafka is kept aside instead of counted."""

ERASED = "erased"
"""In the place of a rejection: of an erased listener's message only its place on Kafka is kept."""

RULES_VERSION = 2
"""Raised whenever a rule, the catalogue of views or an identity changes what is counted."""
