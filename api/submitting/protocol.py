"""What the ListenBrainz protocol calls a submission, by its own limits and words."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from listens.errors import PlaycountError

PREFIX = "/1/"
"""Below which everything speaks this protocol, errors included."""

MOST_LISTENS = 1_000
MOST_BYTES_A_LISTEN = 10_240
MOST_BYTES = MOST_LISTENS * MOST_BYTES_A_LISTEN

EARLIEST = 1_033_430_400
"""2002-10-01: before that nobody could record a listen."""

AHEAD_SECONDS = 3600
"""By how much a player's clock may be fast."""

PLAYING_NOW = "playing_now"
_KINDS = ("single", "import", PLAYING_NOW)


class SubmissionError(PlaycountError, ValueError):
    """A request that the protocol refuses as a whole, with the status that it knows for it."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True)
class Submission:
    """A request that keeps to the protocol.

    Attributes:
        is_playing_now: nothing was heard yet.
        listens: as they came, each with a title and an artist.
    """

    is_playing_now: bool
    listens: list[dict[str, Any]]


def submission_of(document: object, *, size: int) -> Submission:
    """Check a document of `size` bytes.

    Raises:
        SubmissionError: it isn't one of the protocol.
    """
    if not isinstance(document, dict):
        raise SubmissionError("Invalid JSON document submitted: it's no object.")
    kind, payload = document.get("listen_type"), document.get("payload")
    if kind not in _KINDS:
        raise SubmissionError(f"JSON document requires a listen_type: {', '.join(_KINDS)}.")
    if not isinstance(payload, list) or not payload:
        raise SubmissionError("JSON document does not contain any listens in its payload.")
    if len(payload) > MOST_LISTENS:
        raise SubmissionError(f"Too many listens: at most {MOST_LISTENS} in one request.")
    if kind != "import" and len(payload) > 1:
        raise SubmissionError(f"JSON document contains more than one listen for a {kind}.")
    if size > len(payload) * MOST_BYTES_A_LISTEN:
        raise SubmissionError(
            f"JSON document is too large: at most {MOST_BYTES_A_LISTEN} bytes a listen."
        )
    is_playing_now = kind == PLAYING_NOW
    for place, listen in enumerate(payload):
        _check(listen, place, is_playing_now=is_playing_now)
    return Submission(is_playing_now, payload)


def _check(listen: object, place: int, *, is_playing_now: bool) -> None:
    where = f"payload[{place}]"
    track = listen.get("track_metadata") if isinstance(listen, dict) else None
    if not isinstance(listen, dict) or not isinstance(track, dict):
        raise SubmissionError(f"{where} does not contain track_metadata.")
    for name in ("track_name", "artist_name"):
        text = track.get(name)
        if not isinstance(text, str) or not text.strip():
            raise SubmissionError(f"{where}.track_metadata.{name} must be a text that isn't empty.")
    if not is_playing_now:
        _check_time(listen.get("listened_at"), where)
    elif "listened_at" in listen:
        raise SubmissionError(f"{where} must not contain listened_at while {PLAYING_NOW}.")


def _check_time(listened_at: object, where: str) -> None:
    try:
        seconds = int(listened_at)  # type: ignore[call-overload]  # whatever it is
    except (TypeError, ValueError, OverflowError):
        raise SubmissionError(f"{where}.listened_at must be seconds since 1970.") from None
    if seconds < EARLIEST:
        raise SubmissionError(f"{where}.listened_at is too low: before {EARLIEST}, 2002-10-01.")
    if seconds > time.time() + AHEAD_SECONDS:
        raise SubmissionError(f"{where}.listened_at is too high: more than an hour from now.")
