"""ListenBrainz, Last.fm and Maloja: plays that are known by their start."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.detect import recognise_all
from ingestion.importing import dry_run
from ingestion.readers import lastfm as lastfm_reader
from ingestion.readers import maloja as maloja_reader
from ingestion.sources import expand
from listens.codec import decode, encode
from listens.errors import UserMistakeError
from listens.rows import listenbrainz as listenbrainz_reader
from listens.rows.normalise import Normaliser
from listens.rows.rejections import Rejection

START = 1_700_000_000  # 2023-11-14T22:13:20Z


def listenbrainz(start=START, title="Jóga", **info):
    track = {"artist_name": "Björk", "track_name": title, "release_name": "Homogenic"}
    more = {"recording_msid": "0", "inserted_at": 1_700_000_500.5, "user_name": "anna"}
    return {"listened_at": start, **more, "track_metadata": {**track, "additional_info": info}}


def lastfm(start=START, title="Jóga"):
    return {
        "artist": {"mbid": "", "#text": "Björk"},
        "streamable": "0",
        "image": [{"size": "small", "#text": "https://…"}],
        "mbid": "",
        "album": {"mbid": "", "#text": "Homogenic"},
        "name": title,
        "url": "https://www.last.fm/music/…",
        "date": {"uts": str(start), "#text": "14 Nov 2023, 22:13"},
    }


def page(*tracks):
    return {"recenttracks": {"track": [*tracks], "@attr": {"user": "anna", "page": "1"}}}


def maloja(start=START, title="Jóga", length=None, duration=None, artists=("Björk",)):
    album = {"artists": ["Björk"], "albumtitle": "Homogenic"}
    track = {"artists": [*artists], "title": title, "album": album, "length": length}
    return {"time": start, "track": track, "duration": duration, "origin": "client:x"}


def json_lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def told(listen):
    assert (listen["title"], listen["artist"], listen["album"]) == ("Jóga", "Björk", "Homogenic")
    assert listen["kind"] == "music"
    return (listen["ended_at"] - START * 1000, listen["ms_played"], listen["duration_ms"])


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({}, (30_000, 30_000, None)),
        ({"duration_ms": 305_000}, (305_000, 305_000, 305_000)),
        ({"duration_ms": "305000"}, (305_000, 305_000, 305_000)),
        ({"duration": 305}, (305_000, 305_000, 305_000)),
        ({"duration_ms": 12_000}, (12_000, 12_000, 12_000)),
        ({"duration_ms": 305_000, "duration_played": 100.5}, (100_500, 100_500, 305_000)),
        ({"duration_played": 0}, (0, 0, None)),
        ({"duration_ms": 0}, (30_000, 30_000, None)),
        ({"duration_ms": -1}, (30_000, 30_000, None)),
        ({"duration_ms": 86_400_001}, (30_000, 30_000, None)),
        ({"duration_ms": "5:05"}, (30_000, 30_000, None)),
        ({"duration_ms": None, "duration": True}, (30_000, 30_000, None)),
    ],
)
def test_a_listen_of_listenbrainz_ends_after_what_was_heard_of_it(read, info, expected):
    (listen,) = read(json_lines(listenbrainz(**info)))

    assert told(listen) == expected
    assert listen["source"] == "listenbrainz"


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, (30_000, 30_000, None)),
        ({"length": 305}, (305_000, 305_000, 305_000)),
        ({"length": 305, "duration": 100}, (100_000, 100_000, 305_000)),
        ({"duration": 100}, (100_000, 100_000, None)),
    ],
)
def test_a_scrobble_of_maloja_ends_after_what_was_heard_of_it(read, times, expected):
    (listen,) = read(json.dumps({"maloja": {"export_time": 1}, "scrobbles": [maloja(**times)]}))

    assert told(listen) == expected
    assert listen["source"] == "maloja"


def test_several_artists_are_joined_as_maloja_shows_them(read):
    (listen,) = read(json.dumps({"scrobbles": [maloja(artists=["Björk", "Rosalía"])]}))

    assert listen["artist"] == "Björk, Rosalía"


LASTFM_CSV = (
    "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
    f'"{START}","14 Nov 2023, 22:13","Björk","m","Homogenic","","Jóga",""\n'
)


@pytest.mark.parametrize(
    "content",
    [
        LASTFM_CSV,
        LASTFM_CSV.replace(",", ";").replace("14 Nov 2023;", "14 Nov 2023,"),
        json.dumps([page(lastfm()), page()]),
        json.dumps(page(lastfm())),
        json.dumps({"recenttracks": {"track": lastfm()}}),
        json.dumps([[lastfm()], []]),
        json.dumps([lastfm()]),
        json.dumps([{"artist": {"name": "Björk", "#text": ""}, "name": "Jóga",
                     "album": {"#text": "Homogenic"}, "date": {"uts": START}}]),
        json.dumps({"username": "anna", "scrobbles": [
            {"track": "Jóga", "artist": "Björk", "album": "Homogenic", "albumId": "",
             "date": START * 1000}]}),
    ],
)  # fmt: skip
def test_a_scrobble_of_lastfm_stands_for_thirty_seconds(read, content):
    (listen,) = read(content)

    assert told(listen) == (30_000, 30_000, None)
    assert listen["source"] == "lastfm"


def test_what_is_playing_at_the_moment_of_the_export_is_no_play_yet(read):
    playing = lastfm() | {"@attr": {"nowplaying": "true"}}
    del playing["date"]

    rejection, listen = read(json.dumps([page(playing, lastfm())]))

    assert rejection.reason == "no_time"
    assert told(listen) == (30_000, 30_000, None)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (listenbrainz(start=None), "no_time"),
        (listenbrainz(start=0), "before_1970"),
        (listenbrainz(start=-5), "before_1970"),
        (listenbrainz(start="2023-11-14T22:13:20Z"), "bad_time"),
        (listenbrainz(start=[START]), "bad_time"),
        (listenbrainz(start=10**15), "bad_time"),
        (listenbrainz(start=10**400), "bad_time"),
        (listenbrainz(start=10**10), "in_future"),
        (listenbrainz(title=None), "no_title"),
        (listenbrainz(duration_played="long"), "bad_ms_played"),
        (listenbrainz(duration_played=-1), "negative_ms_played"),
        (listenbrainz(duration_played=100_000), "absurd_ms_played"),
        ({"listened_at": START, "track_metadata": "Jóga"}, "no_title"),
        ({"listened_at": START, "track_metadata": {"track_name": {"a": 1}}}, "no_title"),
    ],
)
def test_a_row_that_tells_nothing_usable_has_a_reason(read, record, reason):
    good, rejection = read(json_lines(listenbrainz(), record))

    assert told(good) == (30_000, 30_000, None)
    assert rejection.reason == reason


def test_a_damaged_line_is_one_rejected_row(read):
    lines = json_lines(listenbrainz()) + '{"listened_at": 17\n\n[1]\n' + json_lines(listenbrainz())

    outcomes = read(lines)

    assert [getattr(outcome, "reason", "listen") for outcome in outcomes] == [
        "listen", "not_a_record", "not_a_record", "listen",
    ]  # fmt: skip
    assert outcomes[1].raw == "18 characters that are no JSON"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lines_are_read_in_any_encoding_and_end_only_where_a_line_ends(read, encoding):
    record = listenbrainz()
    record["track_metadata"]["additional_info"]["note"] = "two\u2028lines\x85"
    text = json.dumps(record, ensure_ascii=False) + "\r\n" + json.dumps(record)

    first, second = read(text.encode(encoding))

    assert told(first) == told(second) == (30_000, 30_000, None)
    assert first["event_id"] != second["event_id"]


def test_other_lists_may_come_as_lines_too(read):
    row = {"ts": "2023-11-14T22:13:20Z", "ms_played": 5, "master_metadata_track_name": "A"}

    listen, _ = read(json_lines(row, row))

    assert (listen["source"], listen["title"]) == ("jsonl", "A")


def test_an_export_of_listenbrainz_is_imported_as_it_comes(history_file):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("user.json", json.dumps({"user_id": 1, "username": "anna"}))
        file.writestr("feedback.jsonl", json_lines({"score": 1, "track_metadata": {}}))
        file.writestr("listens/2023/11.jsonl", json_lines(listenbrainz(), listenbrainz()))
        file.writestr("listens/2023/9.jsonl", json_lines(listenbrainz(START - 5_000_000)))
    path = history_file(archive.getvalue(), "export.zip")

    histories, left_out = recognise_all(expand([path]), format_="auto", date_order=None)

    assert [(history.format, history.row_count) for history in histories] == [
        ("listenbrainz", 2), ("listenbrainz", 1),
    ]  # fmt: skip
    assert [sentence.split()[0] for sentence in left_out] == [
        "export.zip/feedback.jsonl", "export.zip/user.json",
    ]  # fmt: skip


def test_a_list_of_pages_that_is_cut_off_is_refused(history_file):
    text = json.dumps([page(lastfm()), page(lastfm())])
    path = history_file(gzip.compress(text[:-50].encode()), "scrobbles.json.gz")

    with pytest.raises(UserMistakeError, match="cut off or damaged"):
        recognise_all(expand([path]), format_="auto", date_order=None)


def test_how_often_the_played_time_was_assumed_is_counted(history_file, recognised):
    path = history_file(
        json_lines(
            listenbrainz(START + 1),
            listenbrainz(START + 2),
            listenbrainz(START + 3, duration_ms=100_000),
            listenbrainz(START + 4, duration_played=5),
            listenbrainz(None),
        )
    )

    tally = dry_run(recognised(path), "anna")

    assert tally.read == 5
    assert tally.assumed == {"length": 1, "minimum": 2}


def test_the_end_is_told_to_the_second(read):
    (listen,) = read(json_lines(listenbrainz(duration_played=61)))

    ended = datetime.fromtimestamp(listen["ended_at"] / 1000, UTC)
    assert ended == datetime(2023, 11, 14, 22, 14, 21, tzinfo=UTC)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(str(START)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["#text", "name", "uts", "title", "artists", "length", "album", "albumtitle",
                 "artist_name", "track_name", "additional_info", "duration_ms", "duration_played"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=8,
)  # fmt: skip
_keys = ["listened_at", "track_metadata", "artist", "name", "date", "track", "time", "duration"]


@given(
    st.sampled_from([lastfm_reader.row, listenbrainz_reader.row, maloja_reader.row]),
    st.fixed_dictionaries({}, optional=dict.fromkeys(_keys, _values)),
)
def test_any_record_is_a_listen_that_can_be_sent_or_a_rejection_that_can_be_written(row, record):
    normalise = Normaliser(listener_id="a", source="x", import_id=None, now_ms=START * 1000)

    outcome = normalise(1, row(record))

    if isinstance(outcome, Rejection):
        json.dumps(outcome.as_document(), default=str)
    else:
        assert decode(encode(outcome))["ended_at"] == outcome["ended_at"]
