"""Kafka goes and comes back: 503 meanwhile, and nothing that was acknowledged is lost."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests

from listens.brokers import ensure_topic
from listens.codec import decode
from listens.settings import Settings
from stack.lifecycle import down, start, wait_until_ready
from stack.supervisor import Supervisor
from tests.api.serving import served
from tests.ingestion.topic import messages_of

PATIENCE_SECONDS = 120


class Player:
    """Sends one listen after the other, each under a title of its own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.acknowledged: list[str] = []
        self.sent = 0

    def send(self) -> requests.Response:
        """One more; its title is acknowledged, or forgotten."""
        self.sent += 1
        title = f"Song {self.sent}"
        listen = {
            "ts": "2026-01-13T09:00:00Z",
            "ms_played": 60_000,
            "track_name": title,
            "artist_name": "Björk",
            "listener": "anna",
        }
        response = requests.post(f"{self.address}/api/listens", json=listen, timeout=60)
        if response.status_code == 202:
            self.acknowledged.append(title)
        return response

    def until(self, status: int) -> requests.Response:
        """Send until the answer has this status."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            response = self.send()
            assert response.status_code in (202, 503)
            if response.status_code == status:
                return response
            time.sleep(0.05)
        raise AssertionError(f"no {status}")


@pytest.fixture
def own_kafka(new_settings: Callable[[], Settings]):
    """A broker that nobody else needs."""
    settings = new_settings()
    start(settings, ("kafka",))
    ready(settings)
    ensure_topic(settings)
    yield settings
    down(settings)


def ready(settings: Settings) -> None:
    wait_until_ready(settings, ("kafka",), progress=lambda _name, _reason: None)


@pytest.mark.timeout(400)
def test_nothing_acknowledged_is_lost_while_kafka_stops_dies_and_freezes(own_kafka):
    supervisor = Supervisor(own_kafka)
    with served(own_kafka) as address:
        player = Player(address)
        player.until(202)

        supervisor.stop("kafka")
        refused = player.until(503)
        start(own_kafka, ("kafka",))
        player.until(202)

        broker = psutil.Process(supervisor.states()["kafka"].pid)
        broker.kill()  # the supervisor starts another one
        for _ in range(20):
            player.send()
        player.until(202)

        ready(own_kafka)
        broker = psutil.Process(supervisor.states()["kafka"].pid)
        broker.send_signal(signal.SIGSTOP)
        player.until(503)
        with ThreadPoolExecutor(8) as many:
            statuses = [*many.map(lambda _: player.send().status_code, range(40))]
        alive = requests.get(f"{address}/healthz", timeout=60)
        broker.send_signal(signal.SIGCONT)
        player.until(202)

    assert statuses == [503] * 40
    assert alive.status_code == 200
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["Retry-After"] == "5"
    assert "Kafka" in refused.json()["detail"]
    there = {decode(message.value)["title"] for message in messages_of(own_kafka)}
    assert len(player.acknowledged) >= 4
    assert set(player.acknowledged) - there == set()


@pytest.mark.timeout(180)
def test_the_api_starts_without_kafka_and_takes_listens_once_it_is_there(
    new_settings: Callable[[], Settings],
):
    settings = new_settings()
    try:
        with served(settings) as address:
            player = Player(address)
            first = player.send()
            start(settings, ("kafka",))
            player.until(202)
        assert first.status_code == 503
        titles = {decode(message.value)["title"] for message in messages_of(settings)}
        assert set(player.acknowledged) <= titles
    finally:
        down(settings)
