"""What counts as what: the one definition of stream, play, skip, completed and chart.

The expressions are standard SQL over the columns of a listen. Both layers run them through
`listens.aggregation`; no other place states a rule.
"""

from __future__ import annotations

PLAY_MS = 30_000
"""A play is 30 s heard: the rule of Spotify's charts, published so that others can recount."""

MAX_MS_PLAYED = 24 * 3600 * 1000
"""More than a day in one playback is damage, not listening."""

IN_RANGE = (
    f"ms_played BETWEEN 0 AND {MAX_MS_PLAYED}"
    " AND ended_at BETWEEN TIMESTAMP '1970-01-01 00:00:00' AND TIMESTAMP '9998-12-31 00:00:00'"
)
"""What every reader checks before it sends; a message beyond it comes from a broken producer."""

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

MEASURES: dict[str, str] = {
    "streams": f"CAST({STREAM} AS BIGINT)",
    "plays": f"CAST({PLAY} AS BIGINT)",
    "skips": f"CAST({SKIP} AS BIGINT)",
    "completed": f"CAST({COMPLETED} AS BIGINT)",
    "ms_played": "CAST(ms_played AS BIGINT)",
}
"""Measure → what one listen adds to it. Sums only, so that any two sets of cells add up."""

DAYPART = (
    "CASE WHEN hour_of_day >= 22 OR hour_of_day < 6 THEN 'night'"
    " WHEN hour_of_day < 12 THEN 'morning'"
    " WHEN hour_of_day < 18 THEN 'afternoon'"
    " ELSE 'evening' END"
)
DAYPARTS = ("night", "morning", "afternoon", "evening")

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

RULES_VERSION = 1
"""Raised whenever a rule, the catalogue of views or an identity changes what is counted."""
