"""Listening-history records in Avro: written, read again, and refused when damaged."""

from datetime import UTC, datetime

import fastavro
import pytest

from ingestion.listening_history import history_writer, record_of, schema
from ingestion.simulator.blocks import simulated
from ingestion.simulator.files import write_blocks
from ingestion.simulator.messages import messages
from ingestion.simulator.world import make_world
from listens.codec import decode, encode, headers
from listens.errors import UserMistakeError
from listens.rows.normalise import Normaliser

RECORD = {
    "user_id": "ann",
    "user_location": {
        "latitude": 27.717, "longitude": 85.324, "country": "Nepal", "city": "Kathmandu",
        "timezone": "Asia/Kathmandu",
    },
    "interaction": "skip",
    "song_name": "Born For This",
    "artist": "MitiS",
    "genre": "house",
    "year": 2019,
    "popularity": 61,
    "danceability": 0.6,
    "energy": 0.7,
    "length_seconds": 251.5,
    "listening_time": {"start_time": 1_722_599_753_161, "end_time": 1_722_599_815_000},
    "personality": "FTLC",
}  # fmt: skip
FIELDS = (
    "user_id", "user_location", "interaction", "song_name", "artist", "genre", "year",
    "popularity", "danceability", "energy", "length_seconds", "listening_time", "personality",
)  # fmt: skip


def avro(path, *records, codec="deflate", of=None):
    with path.open("wb") as stream:
        fastavro.writer(stream, of or schema(), records, codec=codec)
    return path


def outcomes(history, listener=None):
    normalise = Normaliser(
        listener_id=listener, source=history.format, import_id=None, now_ms=1_893_456_000_000
    )
    return [normalise(number, row) for number, row in history.rows()]


def test_the_schema_has_the_thirteen_fields_and_is_none_of_kafkas():
    assert tuple(field["name"] for field in schema()["fields"]) == FIELDS
    assert set(headers().values()) == {"listen-1.avsc"}


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "zstandard"])
def test_a_record_becomes_a_listen(tmp_path, recognised, codec):
    history = recognised(avro(tmp_path / "x", RECORD, codec=codec))

    (listen,) = outcomes(history)

    assert (history.format, history.row_count, history.has_listeners) == ("avro", 1, True)
    assert listen["listener_id"] == "ann"
    assert listen["ended_at"] == 1_722_599_815_000
    assert listen["ms_played"] == 61_839
    assert (listen["title"], listen["artist"]) == ("Born For This", "MitiS")
    assert (listen["country"], listen["city"]) == ("NP", "Kathmandu")
    assert (listen["latitude"], listen["timezone"]) == (27.717, "Asia/Kathmandu")
    assert (listen["genre"], listen["year"], listen["popularity"]) == ("house", 2019, 61)
    assert (listen["duration_ms"], listen["personality"]) == (251_500, "FTLC")
    assert (listen["interaction"], listen["skipped"]) == ("skip", True)
    (named,) = outcomes(history, listener="bob")
    assert named["listener_id"] == "bob"


def test_bad_records_are_rejected_with_their_reason(tmp_path, recognised):
    backwards = {"start_time": 1_722_599_815_000, "end_time": 1_722_599_753_161}
    far = {"start_time": 10**17, "end_time": 10**17}
    records = (
        {**RECORD, "listening_time": backwards},
        {**RECORD, "listening_time": far},
        {**RECORD, "song_name": ""},
        {**RECORD, "user_id": ""},
    )

    rejected = outcomes(recognised(avro(tmp_path / "x", *records)))

    reasons = [rejection.reason for rejection in rejected]
    assert reasons == ["negative_ms_played", "bad_time", "no_title", "no_listener"]
    assert "city" not in rejected[0].raw


def test_a_file_that_is_cut_off_is_refused(tmp_path, recognised):
    path = avro(tmp_path / "x.avro", *[RECORD] * 5_000, codec="null")
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(UserMistakeError, match=r"x\.avro: the Avro file can't be read after"):
        recognised(path)


def test_a_damaged_block_is_refused(tmp_path, recognised):
    path = avro(tmp_path / "x.avro", *[{**RECORD, "user_id": f"u{n}"} for n in range(5_000)])
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 300] = b"\0" * 300
    path.write_bytes(content)

    with pytest.raises(UserMistakeError, match="damaged"):
        list(recognised(path).rows())


def test_other_avro_records_are_no_history(tmp_path, recognised):
    other = {"type": "record", "name": "X", "fields": [{"name": "a", "type": "int"}]}

    with pytest.raises(UserMistakeError, match="Avro records with the fields a"):
        recognised(avro(tmp_path / "x", {"a": 1}, of=other))


def test_a_simulated_file_is_read_as_what_was_played(tmp_path, recognised):
    world = make_world(seed=5, listeners=30, songs=200, first_year=2023, last_year=2024)
    write_blocks(tmp_path / "x", "avro", world, simulated(world, rows=1_000))
    sent = [decode(message) for _, message in messages(world, simulated(world, rows=1_000))]

    read = [decode(encode(listen)) for listen in outcomes(recognised(tmp_path / "x"))]

    kept = (
        "event_id", "listener_id", "ended_at", "ms_played", "song_id", "title", "artist", "genre",
        "year", "popularity", "danceability", "energy", "duration_ms", "country", "city",
        "latitude", "longitude", "timezone", "personality", "interaction",
    )  # fmt: skip
    for before, after in zip(sent, read, strict=True):
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_a_listen_from_anywhere_becomes_a_record(tmp_path, normalise):
    listen = decode(encode(normalise(
        {"ts": "2024-08-02T11:56:55Z", "ms_played": 61839, "master_metadata_track_name": "x"}
    )))  # fmt: skip

    with (tmp_path / "x").open("wb") as stream:
        writer = history_writer(stream)
        writer.write(record_of(listen))
        writer.flush()

    with (tmp_path / "x").open("rb") as stream:
        (record,) = fastavro.reader(stream)
    ended = int(datetime(2024, 8, 2, 11, 56, 55, tzinfo=UTC).timestamp() * 1000)
    assert record["listening_time"] == {"start_time": ended - 61_839, "end_time": ended}
    assert (record["user_id"], record["song_name"], record["genre"]) == ("anna", "x", None)
