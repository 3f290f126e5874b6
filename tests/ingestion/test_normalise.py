"""One row, one listen or one reason."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listens import identity
from listens.codec import decode, encode
from listens.rows.normalise import KNOWN_FIELDS, Normaliser
from listens.rows.rejections import REASONS, Rejection

NOW_MS = 1_767_225_600_000
GOOD = {
    "ts": "2024-08-02T11:56:55Z",
    "ms_played": 11677,
    "master_metadata_track_name": "Moments",
    "master_metadata_album_artist_name": "MitiS",
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ts": None}, "no_time"),
        ({"ts": "  "}, "no_time"),
        ({"ts": "soon"}, "bad_time"),
        ({"ts": 1722599815}, "bad_time"),
        ({"ts": "1970-01-01T00:00:00Z"}, "before_1970"),
        ({"ts": "1969-12-31T23:59:59Z"}, "before_1970"),
        ({"ts": "2026-01-02T00:00:01Z"}, "in_future"),
        ({"master_metadata_track_name": None}, "no_title"),
        ({"master_metadata_track_name": " "}, "no_title"),
        ({"master_metadata_track_name": ["a"]}, "no_title"),
        ({"ms_played": None}, "bad_ms_played"),
        ({"ms_played": "1,5"}, "bad_ms_played"),
        ({"ms_played": True}, "bad_ms_played"),
        ({"ms_played": 1.5}, "bad_ms_played"),
        ({"ms_played": "nan"}, "bad_ms_played"),
        ({"ms_played": -1}, "negative_ms_played"),
        ({"ms_played": "-1"}, "negative_ms_played"),
        ({"ms_played": 86_400_001}, "absurd_ms_played"),
        ({"ms_played": 10**30}, "absurd_ms_played"),
        ({"master_metadata_track_name": "a\ud800"}, "undecodable_text"),
        ({"platform": "a\udce9"}, "undecodable_text"),
        ({"master_metadata_track_name": "a" * 4097}, "too_long"),
    ],
)
def test_a_row_is_rejected_for_one_reason(normalise, change, reason):
    rejection = normalise({**GOOD, **change})

    assert isinstance(rejection, Rejection)
    assert rejection.reason == reason
    assert reason in REASONS


@pytest.mark.parametrize("row", [None, 5, "text", ["list"], True])
def test_what_is_no_object_is_no_record(normalise, row):
    assert normalise(row).reason == "not_a_record"


@pytest.mark.parametrize(
    ("ts", "ms"),
    [
        ("2026-01-01T23:59:59Z", 0),
        ("1970-01-01T00:00:01Z", 86_400_000),
        (" 2024-01-01 00:00 ", "7.0"),
    ],
)
def test_the_bounds_themselves_are_good(normalise, ts, ms):
    listen = normalise({**GOOD, "ts": ts, "ms_played": ms})

    assert listen["ms_played"] == int(float(ms))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"master_metadata_track_name": "T", "master_metadata_album_artist_name": "A"},
         ("music", "T", "A")),
        ({"master_metadata_track_name": "T"}, ("music", "T", "Unknown Artist")),
        ({"master_metadata_track_name": "Unknown Track",
          "master_metadata_album_artist_name": "Unknown Artist"},
         ("unknown", "Unknown Track", "Unknown Artist")),
        ({"master_metadata_track_name": "Unknown Track", "master_metadata_album_artist_name": "A"},
         ("music", "Unknown Track", "A")),
        ({"episode_name": "E", "episode_show_name": "S"}, ("podcast", "E", "S")),
        ({"episode_show_name": "S"}, ("podcast", "S", "S")),
        ({"episode_name": "E"}, ("podcast", "E", "Unknown Show")),
        ({"audiobook_title": "B", "audiobook_chapter_title": "1"}, ("audiobook", "1", "B")),
        ({"audiobook_title": "B"}, ("audiobook", "B", "B")),
        ({"master_metadata_track_name": "T", "episode_name": "E"},
         ("music", "T", "Unknown Artist")),
        ({"master_metadata_track_name": 1999}, ("music", "1999", "Unknown Artist")),
    ],
)  # fmt: skip
def test_the_kind_follows_from_what_is_named(normalise, row, expected):
    listen = normalise({"ts": GOOD["ts"], "ms_played": 1, **row})

    assert (listen["kind"], listen["title"], listen["artist"]) == expected
    assert listen["song_id"] == identity.song_id(expected[2], expected[1])


def test_a_number_and_a_truth_value_are_different_titles(normalise):
    assert normalise({**GOOD, "master_metadata_track_name": 1})["title"] == "1"
    assert normalise({**GOOD, "master_metadata_track_name": True}).reason == "no_title"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("37f4ITSlgPX81ad2EvmVQr", "spotify:track:37f4ITSlgPX81ad2EvmVQr"),
        ("spotify:track:37f4ITSlgPX81ad2EvmVQr", "spotify:track:37f4ITSlgPX81ad2EvmVQr"),
        ("https://open.spotify.com/track/37f4ITSlgPX81ad2EvmVQr?si=1",
         "spotify:track:37f4ITSlgPX81ad2EvmVQr"),
        ("spotify:local:a:b:c:1", "spotify:local:a:b:c:1"),
        ("", None),
    ],
)  # fmt: skip
def test_a_track_has_one_form_of_uri(normalise, uri, expected):
    assert normalise({**GOOD, "spotify_track_uri": uri})["uri"] == expected


def test_an_album_has_an_id_and_no_album_has_none(normalise):
    with_album = normalise({**GOOD, "master_metadata_album_album_name": "'Til the End"})

    assert with_album["album_id"] == identity.album_id("MitiS", "'Til the End")
    assert normalise(GOOD)["album_id"] is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("de", "DE"), ("IN", "IN"), ("ZZ", None), ("Ä1", None), ("DEU", "DE"), ("XQZ", None),
        ("Germany", "DE"), ("deutschland", "DE"), ("South Korea", "KR"), ("Turkey", "TR"),
        ("Türkiye", "TR"), ("UK", "GB"), ("usa", "US"), ("United States of America", "US"),
        ("World", None), ("Nowhere", None),
    ],
)  # fmt: skip
def test_a_country_is_known_by_code_and_name(normalise, code, expected):
    assert normalise({**GOOD, "conn_country": code})["country"] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), ("TRUE", True), ("False", False), ("0", False), (1, True), (None, None),
     ("", None), ("maybe", None)],
)  # fmt: skip
def test_truth_values_have_many_forms(normalise, value, expected):
    assert normalise({**GOOD, "skipped": value})["skipped"] is expected


def test_personal_data_is_in_no_listen_and_no_rejection(normalise):
    personal = {
        "ip_addr": "secret",
        "ip_addr_decrypted": "secret",
        "username": "secret",
        "user_agent_decrypted": "secret",
        "E-Mail": "secret",
    }

    assert "secret" not in normalise({**GOOD, **personal}).values()
    rejected = normalise({**GOOD, **personal, "ts": None})
    assert "secret" not in json.dumps(rejected.as_document())
    assert rejected.raw["master_metadata_track_name"] == "Moments"


def test_identical_rows_of_one_file_are_numbered(normalise):
    first, second, third = (normalise(GOOD)["event_id"] for _ in range(3))

    song = identity.song_id("MitiS", "Moments")
    expected = [
        identity.event_id("anna", 1_722_599_815_000, song, 11677, ordinal) for ordinal in range(3)
    ]
    assert [first, second, third] == expected


def test_a_listen_survives_the_way_over_kafka(normalise):
    listen = normalise({**GOOD, "platform": "android", "conn_country": "IN", "shuffle": True})

    decoded = decode(encode(listen))

    assert int(decoded.pop("ended_at").timestamp() * 1000) == listen.pop("ended_at")
    assert {name: decoded[name] for name in listen} == listen


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_times = st.sampled_from(["2024-08-02T11:56:55Z", "7/8/2013 2:44", "9999-12-31T23:59:59-23:59"])


@given(
    st.dictionaries(st.sampled_from(KNOWN_FIELDS) | st.text(), _json_values | _times)
    | st.fixed_dictionaries(
        {"ts": _times, "ms_played": st.integers(), "master_metadata_track_name": _json_values},
        optional=dict.fromkeys(KNOWN_FIELDS[3:], _json_values),
    )
    | _json_values
)
def test_any_row_is_a_listen_that_can_be_sent_or_a_rejection_that_can_be_written(row):
    normalise = Normaliser(listener_id="anna", source="extended", import_id=None, now_ms=NOW_MS)

    outcome = normalise(1, row)

    if isinstance(outcome, Rejection):
        json.dumps(outcome.as_document()).encode("ascii")
    else:
        assert decode(encode(outcome))["title"] == outcome["title"]
