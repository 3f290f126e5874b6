"""What files tell of song, listener and moment is kept; what can't be is left out."""

import json

import pytest

from ingestion.simulator.blocks import simulated
from ingestion.simulator.files import write_blocks
from ingestion.simulator.history import simulated_history
from ingestion.simulator.messages import messages
from ingestion.simulator.world import make_world
from listens.codec import decode, encode
from listens.rows.normalise import Normaliser
from listens.rows.rejections import Rejection

ROW = {
    "ts": "2024-08-02T11:56:55Z",
    "ms_played": 61839,
    "master_metadata_track_name": "Born For This",
    "master_metadata_album_artist_name": "MitiS",
}
HEADER = "ts,ms_played,track_name,artist_name"
CELLS = "2024-08-02 11:56:55,61839,Born For This,MitiS"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("genre", " House ", "House"),
        ("genre", "", None),
        ("year", "1999", 1999),
        ("year", 1999.0, 1999),
        ("year", "99", None),
        ("year", "soon", None),
        ("popularity", "100", 100),
        ("popularity", 101, None),
        ("popularity", -1, None),
        ("danceability", "0.625", 0.625),
        ("danceability", 1, 1.0),
        ("danceability", 1.01, None),
        ("danceability", "nan", None),
        ("energy", True, None),
        ("energy", 0, 0.0),
        ("duration_ms", "215000.0", 215000),
        ("duration_ms", 0, None),
        ("mood", "Happy", "happy"),
        ("interaction", "Add to playlist", "add_to_playlist"),
        ("interaction", "danced", None),
        ("rating", "5", 5),
        ("rating", 4.5, None),
        ("rating", 6, None),
        ("rating", 0, None),
        ("completed", "TRUE", True),
        ("completed", "perhaps", None),
        ("city", "Kathmandu", "Kathmandu"),
        ("latitude", "-90", -90.0),
        ("latitude", 90.5, None),
        ("longitude", 180, 180.0),
        ("longitude", "181", None),
        ("timezone", "Asia/Kathmandu", "Asia/Kathmandu"),
        ("timezone", "Kathmandu", None),
        ("personality", "envu", "ENVU"),
        ("personality", "The Adventurer", "ENVU"),
        ("personality", "XXXX", None),
        ("listener_age", "1", 1),
        ("listener_age", 0, None),
        ("listener_age", 121, None),
        ("listener_age", {"years": 5}, None),
        ("country", "Nepal", None),  # of a bare row the name is conn_country
    ],
)
def test_a_detail_is_kept_when_it_can_be(normalise, name, value, expected):
    if name == "country":
        assert normalise({**ROW, "country": value})["country"] == "NP"
    else:
        assert normalise({**ROW, name: value})[name] == expected


def test_a_row_without_details_has_none_of_their_fields(normalise):
    assert "genre" not in normalise(ROW)


def test_a_damaged_detail_is_a_damaged_row(normalise):
    assert normalise({**ROW, "city": "\udce9"}).reason == "undecodable_text"
    assert normalise({**ROW, "genre": "x" * 5000}).reason == "too_long"


def test_rejected_rows_say_nothing_of_the_listener(normalise, read):
    personal = {"listener": "bob", "city": "Oslo", "latitude": 59.9, "listener_age": 44}
    rejected = normalise({**ROW, **personal, "genre": "house", "ms_played": -1})

    assert rejected.raw == {**ROW, "genre": "house", "ms_played": -1}
    (short,) = read(f"{HEADER},city\n2024-08-02 11:56:55,61839,Born For This\n")
    assert short == Rejection(1, "not_a_record", "3 cells instead of 5")


def test_a_table_with_a_listener_column_is_of_several(recognised, history_file):
    path = history_file(f"{HEADER},User ID\n{CELLS},ann\n{CELLS},bob\n{CELLS},\n")
    history = recognised(path)

    outcomes = each_says(history)

    assert history.has_listeners
    assert [outcome["listener_id"] for outcome in outcomes[:2]] == ["ann", "bob"]
    assert outcomes[0]["event_id"] != outcomes[1]["event_id"]
    assert outcomes[2].reason == "no_listener"


def test_a_named_listener_goes_before_the_column(read):
    (listen,) = read(f"{HEADER},listener\n{CELLS},bob\n")

    assert listen["listener_id"] == "anna"


def test_a_table_without_the_column_says_so(recognised, history_file):
    assert not recognised(history_file(f"{HEADER}\n{CELLS}\n")).has_listeners


def test_json_lines_are_recognised_and_bad_lines_are_rows(recognised, history_file, outcomes_of):
    row = {"listener": "ann", "ts": "2024-08-02T11:56:55Z", "ms_played": 5, "track_name": "x"}
    good = json.dumps(row)
    path = history_file(f"{good}\n\n{{broken\n[1]\n{good}\n")

    assert (recognised(path).format, recognised(path).row_count) == ("jsonl", 4)
    first, broken, no_object, again = outcomes_of(path)
    assert first["title"] == "x"
    assert (broken.reason, broken.raw) == ("not_a_record", "7 characters that are no JSON")
    assert no_object.reason == "not_a_record"
    assert again["event_id"] != first["event_id"]


def test_json_lines_in_other_encodings(read):
    row = json.dumps({**ROW, "city": "Zürich", "genre": "größte"}, ensure_ascii=False)

    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        (listen,) = read(f"{row}\n".encode(encoding))
        assert (listen["city"], listen["genre"]) == ("Zürich", "größte")


def test_a_json_list_of_the_same_rows(read):
    row = {"ts": "2024-08-02T11:56:55Z", "ms_played": 5, "track_name": "x", "rating": 4}

    (listen,) = read(json.dumps([row]))

    assert (listen["title"], listen["rating"], listen["source"]) == ("x", 4, "extended")


@pytest.mark.parametrize("format_", ["jsonl", "csv"])
def test_a_simulated_file_comes_back_with_every_field(tmp_path, recognised, format_):
    world = make_world(seed=5, listeners=30, songs=200, first_year=2023, last_year=2024)
    write_blocks(tmp_path / "file", format_, world, simulated(world, rows=2_000))
    sent = [decode(message) for _, message in messages(world, simulated(world, rows=2_000))]

    read = [decode(encode(listen)) for listen in each_says(recognised(tmp_path / "file"))]

    where = {"source": format_, "import_id": "i1"}
    assert read == [{**listen, **where} for listen in sent]


def test_a_simulation_on_its_way_to_the_archive_is_the_one_that_kafka_gets():
    world = make_world(seed=5, listeners=30, songs=200, first_year=2023, last_year=2024)
    sent = [decode(message) for _, message in messages(world, simulated(world, rows=2_000))]

    history = simulated_history(
        world, lambda: simulated(world, rows=2_000), rows=2_000, arguments="seed 5"
    )

    read = [decode(encode(listen)) for listen in each_says(history)]
    assert read == [{**listen, "import_id": "i1"} for listen in sent]


def each_says(history):
    """The outcomes of a history whose rows say who listened."""
    normalise = Normaliser(
        listener_id=None, source=history.format, import_id="i1", now_ms=1_893_456_000_000
    )
    return [normalise(number, row) for number, row in history.rows()]
