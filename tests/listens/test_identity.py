"""What makes two songs, or two listens, the same one."""

from __future__ import annotations

import pytest

from listens.identity import (
    album_id,
    artist_id,
    event_id,
    heard_hash,
    normalised,
    seen_between,
    seen_key,
    song_id,
    told_by_key,
)

SONG = song_id("Björk", "Jóga")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jóga", "jóga"),
        ("Jo\u0301ga", "jóga"),
        ("  Two \t words\n", "two words"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ﬁre", "fire"),
        ("\uff21\uff22", "ab"),
        ("ǰ", "ǰ"),
        ("", ""),
    ],
)
def test_names_are_folded(name: str, expected: str) -> None:
    assert normalised(name) == expected


def test_a_song_is_the_same_whatever_its_case_and_white_space() -> None:
    assert song_id("BJÖRK ", "jóga") == SONG


def test_a_song_is_never_merged_across_artists() -> None:
    assert song_id("Somebody", "Jóga") != SONG


def test_names_that_join_to_the_same_text_stay_apart() -> None:
    assert song_id("a", "b c") != song_id("a b", "c")


def test_song_artist_and_album_of_one_name_have_ids_of_their_own() -> None:
    ids = {song_id("Blur", "Blur"), artist_id("Blur"), album_id("Blur", "Blur")}

    assert len(ids) == 3
    assert {len(each) for each in ids} == {16}


def test_ids_stay_what_they_were() -> None:
    # Stored cells and events are found by these; another value is another RULES_VERSION.
    assert SONG.hex() == "cf6529562d255bbcaba09933d2a473d5"
    assert event_id("ann", 1_700_000_000_000, SONG, 30_000, 0).hex() == EVENT


EVENT = "7de87522f02af1372f81009b8be10962"


@pytest.mark.parametrize(
    "other",
    [
        ("bob", 1_700_000_000_000, SONG, 30_000, 0),
        ("ann", 1_700_000_000_001, SONG, 30_000, 0),
        ("ann", 1_700_000_000_000, song_id("Björk", "Hunter"), 30_000, 0),
        ("ann", 1_700_000_000_000, SONG, 30_001, 0),
        ("ann", 1_700_000_000_000, SONG, 30_000, 1),
    ],
)
def test_a_listen_is_another_one_when_any_part_differs(other: tuple) -> None:
    assert event_id(*other) != event_id("ann", 1_700_000_000_000, SONG, 30_000, 0)


def key(event: bytes, listener: str, second: int, *, to_the_minute: bool = False) -> bytes:
    return seen_key(event, listener, second, b"s" * 16, 1, to_the_minute=to_the_minute)


def test_what_was_seen_sorts_by_listener_and_time_and_tells_events_apart() -> None:
    events = [
        (event_id("ann", second * 1000, b"s" * 16, 1, 0), second) for second in (5, 70, 9_000)
    ]
    keys = [key(event, "ann", second) for event, second in events]

    assert keys == sorted(keys)
    assert {len(key) for key in keys} == {19}
    assert len({key[:4] for key in keys}) == 1
    first = events[0][0]
    twin = event_id("ann", 5_000, b"s" * 16, 1, 1)
    others = {
        key(twin, "ann", 5),
        key(first, "bob", 5),
        key(first, "ann", 5, to_the_minute=True),
        seen_key(first, "ann", 5, b"t" * 16, 1, to_the_minute=False),
        seen_key(first, "ann", 5, b"s" * 16, 2, to_the_minute=False),
    }
    assert len(others) == 5
    assert not others & set(keys)


def test_a_key_tells_when_and_what_was_heard_and_whether_the_second_is_known() -> None:
    event = event_id("ann", 65_000, SONG, 7, 0)

    exact = seen_key(event, "ann", 65, SONG, 7, to_the_minute=False)
    vague = seen_key(event, "ann", 60, SONG, 7, to_the_minute=True)

    assert told_by_key(exact) == (65, heard_hash(SONG, 7), False)
    assert told_by_key(vague) == (60, heard_hash(SONG, 7), True)


def test_a_minute_of_a_listener_is_a_range_of_keys() -> None:
    low, high = seen_between("ann", 60, 120)
    inside = [key(bytes([255] * 16), "ann", second) for second in (60, 119)]
    outside = [key(bytes(16), "ann", second) for second in (59, 120)]

    assert all(low <= one < high for one in inside)
    assert not any(low <= one < high for one in outside)
    assert {len(low), len(high)} == {len(inside[0])}
