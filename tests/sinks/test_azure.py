"""The sink `azure` with a real Kafka, MongoDB and Azurite."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from azure.storage.queue import QueueServiceClient, TextBase64DecodePolicy

from listens.settings import Settings
from streaming.sinks.azure_queues import FIELDS, body, queue_of
from tests.sinks.commands import Commands, eventually
from tests.sinks.emulator import Azurite
from tests.sinks.topic import Topic

PERSONAL = ("listener_id", "listener_age", "city", "latitude", "longitude", "timezone", "import_id")
MOST_AT_ONCE = 32


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    emulator = Azurite(tmp_path_factory.mktemp("azurite"))
    emulator.start()
    yield emulator
    emulator.stop()


@pytest.fixture
def ours(topic: Topic, azurite: Azurite) -> Settings:
    return topic.settings.model_copy(update={"azure_storage_connection": azurite.connection})


def taken(ours: Settings) -> dict[str, list[dict[str, Any]]]:
    """Queue → its messages, which are taken out of it."""
    service = QueueServiceClient.from_connection_string(ours.azure_storage_connection)
    with service:
        return {queue["name"]: _messages(ours, queue["name"]) for queue in service.list_queues()}


def _messages(ours: Settings, name: str) -> list[dict[str, Any]]:
    from azure.storage.queue import QueueClient

    found = []
    with QueueClient.from_connection_string(
        ours.azure_storage_connection, name, message_decode_policy=TextBase64DecodePolicy()
    ) as queue:
        for message in queue.receive_messages(messages_per_page=MOST_AT_ONCE):
            found.append(json.loads(message.content))
            queue.delete_message(message)
    return found


def test_each_listen_is_in_the_queue_of_its_personality(
    topic: Topic, ours: Settings, commands: Commands
) -> None:
    topic.send(300)
    topic.send_no_listens()

    said = commands.drain(ours, "azure")

    found = taken(ours)
    names = {"ENVU": "listens-envu", "FTLC": "listens-ftlc", None: "listens-none"}
    assert sorted(found) == sorted(names.values())
    assert "bad_marker 1" in said
    for personality, name in names.items():
        sent = {
            event_id.hex()
            for event_id, listen in topic.listens.items()
            if listen["personality"] == personality
        }
        assert {message["event_id"] for message in found[name]} == sent
    # Fifteen of the messages on Kafka are repeats, and a queue can't tell them.
    assert sum(map(len, found.values())) == 300 + 15


def test_a_message_has_the_fields_of_its_listen_and_nothing_about_the_person(
    topic: Topic, ours: Settings, commands: Commands
) -> None:
    topic.send(50, seed=3)

    commands.drain(ours, "azure")

    for message in [each for queue in taken(ours).values() for each in queue]:
        sent = topic.listens[bytes.fromhex(message["event_id"])]
        assert message["title"] == sent["title"]
        assert message["ms_played"] == sent["ms_played"]
        assert message["ended_at"].endswith("Z")
        assert not set(message) & set(PERSONAL)
        assert set(message) <= set(FIELDS)


def test_nothing_is_lost_while_azure_is_away_or_the_sink_is_killed(
    topic: Topic, ours: Settings, azurite: Azurite, commands: Commands
) -> None:
    topic.send(2_000)
    running = commands.start(ours, "azure")
    eventually(lambda: "handed over" in running.output, "the first messages")
    running.kill()
    azurite.stop()
    running = commands.start(ours, "azure")
    eventually(lambda: "attempt 2 failed, trying again: Azure: " in running.output, "retries")
    running.kill()
    azurite.start()

    commands.drain(ours, "azure")

    times = Counter(each["event_id"] for queue in taken(ours).values() for each in queue)
    assert times.keys() == {event_id.hex() for event_id in topic.listens}


@pytest.mark.parametrize(
    ("personality", "name"),
    [
        ("ENVU", "listens-envu"),
        ("The Early Adopter", "listens-the-early-adopter"),
        ("¿?", "listens-none"),
        ("", "listens-none"),
        (None, "listens-none"),
        ("x" * 70, "listens-" + "x" * 55),
    ],
)
def test_the_name_of_a_queue_is_one_that_azure_takes(personality: str | None, name: str) -> None:
    assert queue_of({"personality": personality}) == name


def test_the_longest_message_is_one_that_azure_takes() -> None:
    text = dict.fromkeys(FIELDS, "\0" * 10_000)  # nothing is longer in JSON

    assert len(body(text).encode()) * 4 / 3 < 64 * 1024
