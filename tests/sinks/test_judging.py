"""A sink leaves out what the speed layer rejects, for the same reason."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from listens import codec
from listens.codec import UndecodableError
from listens.erasures import DONE, Erasure, digest_of
from listens.rules import MAX_MS_PLAYED
from streaming.sinks.judging import judged, listen_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LISTEN = {
    "event_id": b"e" * 16,
    "listener_id": "änn",
    "ended_at": datetime(2024, 5, 1, 8, tzinfo=UTC),
    "ms_played": 30_000,
    "kind": "music",
    "song_id": b"s" * 16,
    "title": "Title",
    "artist": "Artist",
    "artist_id": b"a" * 16,
    "source": "test",
}
KEY = "änn".encode()


def message(**changes: object) -> bytes:
    return codec.encode({**LISTEN, **changes})


MESSAGES = {
    "whole": (KEY, message(), None),
    "the longest there is": (KEY, message(ms_played=MAX_MS_PLAYED), None),
    "at the first moment": (KEY, message(ended_at=0), None),
    "no value": (KEY, None, "bad_marker"),
    "no Avro": (KEY, b"junk", "bad_marker"),
    "a schema of somebody else's": (KEY, codec.MARKER + b"\0" * 40, "unknown_schema"),
    "cut off": (KEY, message()[:-3], "undecodable"),
    "a name that is no text": (KEY, message().replace(b"Title", b"\xff\xfe\xff\xfe\xff"), None),
    "negative": (KEY, message(ms_played=-1), "out_of_range"),
    "too long": (KEY, message(ms_played=MAX_MS_PLAYED + 1), "out_of_range"),
    "before 1970": (KEY, message(ended_at=-1), "out_of_range"),
    "after the year 5999": (KEY, message(ended_at=127_174_406_400_001), "out_of_range"),
    "of nobody": (b"", message(listener_id=""), "out_of_range"),
    "of a long name": (b"\xc3\xa4" * 128, message(listener_id="ä" * 128), None),
    "of one that is too long": (b"a" * 129, message(listener_id="a" * 129), "out_of_range"),
    "after the last year of Python": (KEY, message(ended_at=2**53), "out_of_range"),
    "of another listener": (b"bob", message(), "key_mismatch"),
    "of no listener": (None, message(), "key_mismatch"),
}
BROKEN_TEXT = "a name that is no text"


def reason(key: bytes | None, value: bytes | None) -> str | None:
    try:
        listen_of(key, value)
    except UndecodableError as error:
        return error.reason
    return None


@pytest.mark.parametrize("what", [name for name in MESSAGES if name != BROKEN_TEXT])
def test_the_reason_why_a_message_is_left_out(what: str) -> None:
    key, value, expected = MESSAGES[what]

    assert reason(key, value) == expected


def test_text_that_is_no_utf_8_is_left_out() -> None:
    """Spark lets it pass with replacement characters, which no other system would take."""
    key, value, _ = MESSAGES[BROKEN_TEXT]

    assert reason(key, value) == "undecodable"


def test_the_speed_layer_says_the_same(spark: SparkSession) -> None:
    from listens.aggregation.messages import decoded

    rows = [
        (key, value, "topic", 0, offset, datetime(2024, 5, 1, tzinfo=UTC))
        for offset, (key, value, _) in enumerate(MESSAGES.values())
    ]
    columns = (
        "key binary, value binary, topic string, partition int, offset long, received_at timestamp"
    )
    found = decoded(spark.createDataFrame(rows, columns)).orderBy("offset").collect()

    expected = [reason for _, _, reason in MESSAGES.values()]
    assert [row["rejection"] for row in found] == expected


def test_what_an_erasure_covers_is_left_out_and_what_comes_after_is_not() -> None:
    erasure = Erasure(
        number=3,
        digest=digest_of("änn"),
        counted={0: 5},
        until={0: 5},
        loaded={},
        state=DONE,
        parts=1,
        negations=(4,),
    )
    places = [(0, 4), (0, 5), (1, 0)]
    records = [
        SimpleNamespace(key=KEY, value=message(), partition=partition, offset=offset)
        for partition, offset in places
    ]
    bob = SimpleNamespace(key=b"bob", value=message(listener_id="bob"), partition=0, offset=1)

    found = judged([*records, bob], erasures=[erasure])

    assert [(each.partition, each.offset) for each in found.deliveries] == [(0, 5), (1, 0), (0, 1)]
    assert found.left_out == {"erased": 1}
