"""Clients log in where a broker asks for it: a real one, with a password of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from kafka import KafkaProducer
from pyspark.sql import SparkSession

from listens import topic
from listens.aggregation.messages import kafka_messages
from listens.brokers import client_options, ensure_topic
from listens.errors import ServiceDownError
from listens.settings import Settings
from stack import kafka
from stack.layout import layout
from stack.probes import accepts

PASSWORD = 'sec"ret'

SASL = f"""
listeners=SASL_PLAINTEXT://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller_port}}
advertised.listeners=SASL_PLAINTEXT://127.0.0.1:{{port}}
inter.broker.listener.name=SASL_PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" \
password="b" user_broker="b" user_playcount="{PASSWORD.replace('"', chr(92) * 2 + '"')}";
"""


@pytest.fixture(scope="module")
def guarded(new_settings: Callable[[], Settings]) -> Iterator[Settings]:
    """The broker of the local stack, but with a listener that asks for a login."""
    settings = new_settings()
    layout(settings).make_folders()
    ports = {"port": settings.kafka_port, "controller_port": settings.kafka_controller_port}
    layout(settings).kafka_properties.write_text(
        kafka.server_properties(settings) + SASL.format(**ports)
    )
    kafka.format_storage(settings)
    with layout(settings).log("kafka").open("w") as log:
        broker = subprocess.Popen(kafka.broker_command(settings), stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not accepts("127.0.0.1", settings.kafka_port):
            assert broker.poll() is None, layout(settings).log("kafka").read_text()[-2000:]
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield settings.model_copy(
            update={
                "kafka_security": "SASL_PLAINTEXT",
                "kafka_sasl_mechanism": "PLAIN",
                "kafka_username": "playcount",
                "kafka_password": PASSWORD,
            }
        )
    finally:
        broker.terminate()
        broker.wait(30)


def test_python_and_spark_log_in(guarded: Settings, spark: SparkSession) -> None:
    ensure_topic(guarded)
    producer = KafkaProducer(**client_options(guarded))
    producer.send(guarded.topic, key=b"ann", value=b"a message").get(timeout=30)
    producer.close()

    described = topic.describe(guarded)
    query = (
        kafka_messages(spark, guarded, starting_offsets="earliest", max_offsets=100)
        .writeStream.format("memory")
        .queryName("guarded")
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination(60)

    assert sum(described.end.values()) == 1
    assert [row["value"] for row in spark.table("guarded").collect()] == [b"a message"]


def test_a_wrong_password_is_told(guarded: Settings) -> None:
    wrong = guarded.model_copy(update={"kafka_password": "another"})

    with pytest.raises(ServiceDownError, match="Kafka at"):
        ensure_topic(wrong)


def test_the_password_is_in_no_representation(guarded: Settings) -> None:
    assert PASSWORD not in repr(guarded)
