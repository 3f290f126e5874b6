"""A listen as bytes on Kafka."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from listens.codec import (
    HEADER_BYTES,
    UndecodableError,
    decode,
    encode,
    encoded_long,
    field_names,
    headers,
    message_head,
    part_encoder,
)

LISTEN = {
    "event_id": bytes(range(16)),
    "listener_id": "zoë",
    "ended_at": 1_700_000_000_123,
    "ms_played": 31_000,
    "kind": "music",
    "song_id": b"s" * 16,
    "title": "Jóga",
    "artist": "Björk",
    "artist_id": b"a" * 16,
    "source": "test",
}


def test_a_listen_survives_the_way() -> None:
    back = decode(encode(LISTEN))

    assert back["listener_id"] == "zoë"
    assert back["event_id"] == bytes(range(16))
    assert back["ended_at"] == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)
    assert back["album"] is None
    assert tuple(back) == field_names()


def test_a_message_begins_with_the_marker_and_the_schemas_fingerprint() -> None:
    # CRC-64-AVRO of the schema's canonical form: it changes when the schema does.
    assert encode(LISTEN)[:HEADER_BYTES].hex() == "c301072ef6ba99ac14cc"
    assert headers() == {bytes.fromhex("c301072ef6ba99ac14cc"): "listen-1.avsc"}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"", "bad_marker"),
        (b"{}", "bad_marker"),
        (b"\xc3\x01" + bytes(8), "unknown_schema"),
        (encode(LISTEN)[:-3], "undecodable"),
        (encode({**LISTEN, "ended_at": 2**53}), "out_of_range"),
        (encode(LISTEN)[:HEADER_BYTES], "undecodable"),
        (encode(LISTEN)[:HEADER_BYTES] + b"\xff" * 40, "undecodable"),
    ],
)
def test_what_is_no_listen_is_told_apart(message: bytes, reason: str) -> None:
    with pytest.raises(UndecodableError) as caught:
        decode(message)

    assert caught.value.reason == reason


@pytest.mark.parametrize("ended_at", [-1, 0, 63, 64, 1_700_000_000_123, 2**62])
def test_a_message_is_its_parts_one_after_the_other(ended_at: int) -> None:
    listen = {**LISTEN, "ended_at": ended_at, "genre": "pop", "rating": 4}

    parts = [
        message_head(),
        listen["event_id"],
        part_encoder("listener_id", "listener_id")(listen),
        encoded_long(ended_at),
        encoded_long(31_000),
        part_encoder("kind", "duration_ms")(listen),
        part_encoder("platform", "import_id")(listen),
    ]

    assert b"".join(parts) == encode(listen)
