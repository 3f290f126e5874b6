"""From files into a real Kafka and back."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from kafka import KafkaProducer

from ingestion import kafka_sink, settling
from ingestion.import_command import Order, run, run_dry
from ingestion.importing import Importer
from ingestion.interruption import Interruption
from ingestion.ledger import latest
from ingestion.settling import NotCountedError, wait_until_settled
from ingestion.simulator.files import write_history
from ingestion.tail import json_line, text_line
from listens.codec import decode, encode
from listens.errors import ServiceDownError, UserMistakeError
from listens.store import IMPORTS, SPEED_COMMITS, connect
from stack.lifecycle import start, stop, wait_until_ready
from tests.ingestion.topic import messages_of

CSV = (
    "ts,ms_played,track_name,artist_name\n"
    "2013-07-08 02:44:34,40000,A,B\n"
    "2013-07-08 02:44:34,40000,A,B\n"
    "2013-07-08 02:48:00,-5,A,B\n"
    "2013-07-08 02:50:00,100,C,D\n"
)
REPOSITORY = Path(__file__).resolve().parents[2]


def order(*paths, listener="anna", **changes):
    fields = {"format_": "auto", "date_order": None, "wait_seconds": None, "json": True}
    return Order(paths=paths, listener=listener, **{**fields, **changes})


@pytest.fixture
def fresh_kafka(kafka_server, fresh_database):
    """A broker and a database; the topic isn't there yet, and the import makes it."""
    return fresh_database


def test_the_topic_holds_exactly_the_listens_of_the_file(
    fresh_kafka, history_file, outcomes_of, capsys
):
    path = history_file(CSV, "history.csv")
    before_ms = time.time() * 1000

    run(order(path), fresh_kafka)

    printed = json.loads(capsys.readouterr().out)
    import_id = printed["imports"][0]["import_id"]
    assert (printed["read"], printed["pending"], printed["rejected"]) == (4, 3, 1)
    assert printed["rejected_by_reason"] == {"negative_ms_played": 1}
    messages = messages_of(fresh_kafka)
    expected = [row for row in outcomes_of(path) if isinstance(row, dict)]
    listens = [decode(message.value) for message in messages]
    assert [listen["event_id"] for listen in listens] == [x["event_id"] for x in expected]
    assert [listen["title"] for listen in listens] == ["A", "A", "C"]
    assert {listen["import_id"] for listen in listens} == {import_id}
    assert {message.key for message in messages} == {b"anna"}
    assert min(message.timestamp for message in messages) >= before_ms - 60_000


def test_the_ledger_and_the_rejected_rows_are_kept(fresh_kafka, history_file, capsys):
    run(order(history_file(CSV, "history.csv")), fresh_kafka)

    (entry,) = latest(connect(fresh_kafka), 10)
    (last_message,) = {(m.partition, m.offset + 1) for m in messages_of(fresh_kafka)[-1:]}
    assert (entry["file"], entry["format"], entry["bytes"]) == ("history.csv", "csv", len(CSV))
    assert (entry["state"], entry["read"], entry["sent"], entry["rejected"]) == ("sent", 4, 3, 1)
    assert entry["end_offsets"] == {str(last_message[0]): last_message[1]}
    written = fresh_kafka.home / "rejected" / f"{entry['_id']}.jsonl"
    assert json.loads(written.read_text()) == {
        "row": 3,
        "reason": "negative_ms_played",
        "why": "the milliseconds played are less than zero",
        "raw": {
            "ts": "2013-07-08 02:48:00",
            "ms_played": "-5",
            "master_metadata_track_name": "A",
            "master_metadata_album_artist_name": "B",
        },
    }


def test_a_listener_is_in_the_partition_that_any_kafka_client_would_choose(fresh_topic):
    listeners = [f"listener-{number}" for number in range(20)]
    with kafka_sink.open_sink(fresh_topic) as sink:
        for listener in listeners:
            sink.send(listener, b"ours")
        sink.flush()
    producer = KafkaProducer(bootstrap_servers=fresh_topic.bootstrap_servers)
    for listener in listeners:
        producer.send(fresh_topic.topic, key=listener.encode(), value=b"theirs")
    producer.close()

    places = {(m.key, m.value, m.partition) for m in messages_of(fresh_topic)}
    assert len(places) == 40
    assert len({(key, partition) for key, _, partition in places}) == 20


def test_waiting_ends_when_the_commits_cover_the_import(fresh_kafka, history_file, capsys):
    store = connect(fresh_kafka)

    def count_like_the_speed_layer():
        while not (entry := store[IMPORTS].find_one({"state": "sent"})):
            time.sleep(0.1)
        counts = {entry["_id"]: {"new": 2, "duplicate": 1}}
        store[SPEED_COMMITS].insert_one(
            {"_id": 0, "until": entry["end_offsets"], "imports": counts}
        )

    counting = threading.Thread(target=count_like_the_speed_layer)
    counting.start()
    run(order(history_file(CSV), wait_seconds=60, json=False), fresh_kafka)
    counting.join()

    last_line = capsys.readouterr().out.splitlines()[-1]
    assert last_line == "read 4 = new 2 + duplicate 1 + rejected 1"


def test_waiting_in_vain_ends_with_the_account_and_status_1(fresh_kafka, history_file, capsys):
    with pytest.raises(NotCountedError) as late:
        run(order(history_file(CSV), wait_seconds=0.1), fresh_kafka)

    assert late.value.exit_code == 1
    assert json.loads(capsys.readouterr().out)["pending"] == 3


def test_a_wait_without_any_commit_is_remarked_once(fresh_database, monkeypatch):
    monkeypatch.setattr(settling, "QUIET_SECONDS", 0.2)
    remarks = []

    with pytest.raises(NotCountedError):
        wait_until_settled(
            connect(fresh_database),
            ["nothing"],
            timeout_seconds=2,
            on_settled=lambda _: None,
            on_quiet=lambda: remarks.append("quiet"),
            interruption=Interruption(),
        )

    assert remarks == ["quiet"]


def test_nothing_is_sent_when_one_of_the_files_is_no_history(fresh_topic, history_file):
    good, bad = history_file(CSV, "good.csv"), history_file("Dear Anna", "letter.txt")

    with pytest.raises(UserMistakeError):
        run(order(good, bad), fresh_topic)

    assert messages_of(fresh_topic) == []
    assert latest(connect(fresh_topic), 10) == []


def test_a_dry_run_needs_no_service_and_writes_nothing(settings, history_file, capsys, tmp_path):
    run_dry(order(history_file(CSV, "history.csv"), json=False))

    printed = capsys.readouterr().out
    assert "1 rejected, negative_ms_played" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]


@pytest.mark.parametrize("listener", ["", "a" * 129, "a\nb", "a\udce9"])
def test_a_listener_needs_a_name_that_can_be_kept(history_file, settings, listener):
    with pytest.raises(UserMistakeError):
        run(order(history_file(CSV), listener=listener), settings)


def test_kafka_away_is_said_within_seconds(mongo_server, fresh_database, history_file):
    away = fresh_database.model_copy(update={"kafka_servers": "127.0.0.1:1"})
    began = time.monotonic()

    with pytest.raises(ServiceDownError, match=r"Kafka doesn't answer at 127.0.0.1:1; start it"):
        run(order(history_file(CSV)), away)

    assert time.monotonic() - began < 15


def test_a_broker_restart_delays_an_import_and_loses_nothing(fresh_topic, recognised, tmp_path):
    path = tmp_path / "history.csv"
    write_history(path, rows=40_000, seed=1, first_year=2020, last_year=2021, songs=500)
    history = recognised(path)
    restart = threading.Thread(target=_start_kafka_after, args=(fresh_topic, 3))

    def rows_with_a_restart():
        for number, row in history.rows():
            if number == 20_000:
                stop(fresh_topic, ("kafka",))
                restart.start()
            yield number, row

    store = connect(fresh_topic)
    with kafka_sink.open_sink(fresh_topic) as sink:
        importer = Importer(fresh_topic, store, sink, "anna", lambda _: None, Interruption())
        importer.import_history(dataclasses.replace(history, rows=rows_with_a_restart))
    restart.join()

    (entry,) = latest(store, 10)
    assert (entry["state"], entry["sent"]) == ("sent", 40_000)
    listens = [decode(message.value) for message in messages_of(fresh_topic)]
    assert len(listens) == 40_000
    assert len({listen["event_id"] for listen in listens}) == 40_000
    assert entry["end_offsets"] == {str(messages_of(fresh_topic)[0].partition): 40_000}


def test_ctrl_c_leaves_a_ledger_that_says_so_and_importing_again_adds_no_event(
    fresh_topic, outcomes_of, tmp_path
):
    path = tmp_path / "history.csv"
    write_history(path, rows=400_000, seed=2, first_year=2020, last_year=2021, songs=500)
    process = _start_import(fresh_topic, path)
    store = connect(fresh_topic)
    while not store[IMPORTS].find_one({"state": "reading"}):
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "nothing is added twice" in said
    (entry,) = latest(store, 10)
    assert entry["state"] == "interrupted"
    messages = messages_of(fresh_topic)
    assert len(messages) == entry["sent"] == entry["read"]
    assert 0 < entry["read"] < 400_000
    again = outcomes_of(path)
    assert {decode(m.value)["event_id"] for m in messages} <= {x["event_id"] for x in again}


def _start_kafka_after(settings, seconds):
    time.sleep(seconds)
    start(settings, ("kafka",))
    wait_until_ready(settings, ("kafka",), progress=lambda _name, _reason: None)


def _start_import(settings, path):
    environment = {
        **os.environ,
        "PLAYCOUNT_HOME": str(settings.home),
        "PLAYCOUNT_KAFKA_PORT": str(settings.kafka_port),
        "PLAYCOUNT_MONGO_PORT": str(settings.mongo_port),
        "PLAYCOUNT_DATABASE": settings.database,
        "PLAYCOUNT_TOPIC": settings.topic,
    }
    code = (
        "import sys; from listens.errors import PlaycountError; from ingestion.cli import app\n"
        "try: app(sys.argv[1:])\n"
        "except PlaycountError as error: print(error, file=sys.stderr); sys.exit(error.exit_code)"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, "import", str(path), "--listener", "anna"],
        cwd=REPOSITORY,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


class Message:
    partition, offset = 2, 7

    def __init__(self, value):
        self.value = value


def test_tail_shows_what_does_not_decode_with_its_place_and_reason():
    assert json.loads(json_line(Message(b"junk"))) == {
        "partition": 2,
        "offset": 7,
        "reason": "bad_marker",
    }
    assert text_line(Message(b"junk")).startswith("2/7 undecodable: the message doesn't begin")


def test_tail_shows_no_control_character_of_a_title(normalise):
    listen = normalise(
        {"ts": "2024-08-02T11:56:55Z", "ms_played": 1500, "master_metadata_track_name": "a\x1b[2Jb"}
    )

    assert text_line(Message(encode(listen))) == (
        "2/7 2024-08-02 11:56:55 anna 1.5 s music: Unknown Artist – a�[2Jb"
    )
