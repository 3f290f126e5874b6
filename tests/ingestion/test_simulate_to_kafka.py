"""Simulated listens on a real Kafka, as history and as if they happened now."""

import collections
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import fastavro
import pytest
from typer.testing import CliRunner

from ingestion import cli, simulate_cli
from ingestion.cli import app
from ingestion.simulator.messages import simulate_listens
from listens.codec import decode
from stack.processes import settings_environment
from tests.ingestion.topic import messages_of

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def kafka(fresh_topic, monkeypatch):
    """Settings with an empty topic, which the commands take."""
    for module in (cli, simulate_cli):
        monkeypatch.setattr(module, "load_settings", lambda: fresh_topic)
    return fresh_topic


def playcount(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None, result.exception
    return result


def test_a_history_is_on_kafka_message_by_message(kafka):
    playcount("simulate", "--to-kafka", "--rows", 3_000, "--listeners", 20, "--seed", 4)

    sent = simulate_listens(rows=3_000, seed=4, listeners=20)
    found = [(message.key.decode(), message.value) for message in messages_of(kafka)]
    assert sorted(found) == sorted(sent)


def test_live_listens_end_now_and_stop_at_the_total(kafka):
    before_ms = time.time_ns() // 10**6

    playcount("simulate", "--to-kafka", "--rate", 200, "--total", 100, "--spike", "5x/1s")

    after_ms = time.time_ns() // 10**6
    messages = messages_of(kafka)
    listens = sorted((decode(each.value) for each in messages), key=lambda each: each["ended_at"])
    assert len(listens) == 100
    for message in messages:
        listen = decode(message.value)
        assert before_ms <= listen["ended_at"].timestamp() * 1000 <= after_ms
        assert abs(listen["ended_at"].timestamp() * 1000 - message.timestamp) < 5_000
        assert message.key.decode() == listen["listener_id"]
    who = [listen["listener_id"] for listen in listens]
    assert len(set(who)) > 5
    assert sum(one != other for one, other in pairwise(who)) > 50
    assert len({listen["event_id"] for listen in listens}) == 100


def test_ctrl_c_ends_a_live_simulation_in_good_order(kafka):
    environment = settings_environment(kafka)
    command = [sys.executable, REPOSITORY / "playcount", "simulate", "--to-kafka", "--rate", "20"]
    running = subprocess.Popen(
        command, env=environment | {"PATH": "/usr/bin:/bin"}, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not messages_of(kafka):
        assert running.poll() is None, running.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.2)

    running.terminate()
    _, said = running.communicate(timeout=60)

    assert running.returncode == 0, said
    assert f"sent {len(messages_of(kafka)):,} listens" in said


def test_tail_writes_what_comes_by_as_avro(kafka, tmp_path):
    path = tmp_path / "listens.avro"
    playcount("simulate", "--to-kafka", "--rows", 500, "--listeners", 5)

    playcount("tail", "--from-beginning", "--limit", 500, "--avro", path)

    with path.open("rb") as stream:
        records = list(fastavro.reader(stream))
    listens = [decode(message) for _, message in simulate_listens(rows=500, seed=1, listeners=5)]
    assert len(records) == 500
    assert collections.Counter(record["user_id"] for record in records) == collections.Counter(
        listen["listener_id"] for listen in listens
    )
    assert {record["listening_time"]["end_time"] for record in records} == {
        round(listen["ended_at"].timestamp() * 1000) for listen in listens
    }
