"""The broker of the Compose file: the real Kafka is started with its settings."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer

from listens.brokers import ensure_topic, probe
from listens.errors import ServiceDownError
from listens.settings import Settings
from stack.kafka import java_home
from tests.conftest import free_ports

PATIENCE_SECONDS = 90
# Settings that the image hands to the JVM or reads itself.
NOT_THE_BROKERS = ("KAFKA_HEAP_OPTS",)


def properties(environment: dict[str, str], ports: dict[str, int], data: Path) -> str:
    """`server.properties` as the image makes it, with names and ports of this machine."""
    here = {
        "${PLAYCOUNT_KAFKA_PORT:-9092}": "9092",
        "kafka:": "127.0.0.1:",
        "://:": "://127.0.0.1:",
        ":29092": f":{ports['api_port']}",
        ":9092": f":{ports['kafka_port']}",
        ":9093": f":{ports['kafka_controller_port']}",
        "/var/lib/kafka/data": str(data),
    }
    text = "\n".join(
        f"{name.removeprefix('KAFKA_').lower().replace('_', '.')}={value}"
        for name, value in environment.items()
        if name.startswith("KAFKA_") and name not in NOT_THE_BROKERS
    )
    for there, replacement in here.items():
        text = text.replace(there, replacement)
    return text


@pytest.fixture
def listeners(compose, settings: Settings, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Name of a listener → its address, of a broker that runs."""
    environment = compose["services"]["kafka"]["environment"]
    ports = free_ports()
    config = tmp_path / "server.properties"
    config.write_text(properties(environment, ports, tmp_path / "data"))
    java = [str(java_home() / "bin" / "java"), "-Xmx256m", "-cp", f"{settings.jars / 'kafka'}/*"]
    tool = [*java, "kafka.tools.StorageTool", "format", "-c", str(config)]
    subprocess.run([*tool, "-t", environment["CLUSTER_ID"]], check=True, capture_output=True)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*java, "kafka.Kafka", str(config)], stdout=log, stderr=log)
    names = {"INTERNAL": "api_port", "HOST": "kafka_port"}
    try:
        yield {name: f"127.0.0.1:{ports[port]}" for name, port in names.items()}
    finally:
        process.terminate()
        process.wait()


def test_what_the_host_sends_the_containers_read(listeners: dict[str, str]) -> None:
    host = Settings(kafka_servers=listeners["HOST"])
    inside = Settings(kafka_servers=listeners["INTERNAL"])
    wait_for(inside)

    ensure_topic(inside)
    producer = KafkaProducer(bootstrap_servers=host.bootstrap_servers)
    producer.send(host.topic, key=b"ann", value=b"a listen").get(30)
    producer.close()

    consumer = KafkaConsumer(
        inside.topic,
        bootstrap_servers=inside.bootstrap_servers,
        auto_offset_reset="earliest",
        consumer_timeout_ms=30_000,
    )
    assert next(iter(consumer)).value == b"a listen"
    assert len(consumer.partitions_for_topic(inside.topic)) == inside.topic_partitions
    consumer.close()


def wait_for(settings: Settings) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            probe(settings)
        except ServiceDownError:
            assert time.monotonic() < deadline, "not in time"
            time.sleep(0.2)
        else:
            return
