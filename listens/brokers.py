"""The Kafka brokers: whether one answers, and the topic of all listens."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

from listens.errors import ServiceDownError
from listens.settings import Settings

if TYPE_CHECKING:
    from kafka import KafkaAdminClient

PROBE_SECONDS = 3
MS_PER_HOUR = 3_600_000
BROKERS_DEFAULT = -1

BATCH_BYTES = 512 * 1024
MAX_REQUEST_BYTES = 4 * 1024 * 1024


def probe(settings: Settings) -> None:
    """Check that one broker's port is open: a Kafka client would try for half a minute.

    Raises:
        ServiceDownError: none is.
    """
    for server in settings.bootstrap_servers.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), PROBE_SECONDS).close()
        except (OSError, ValueError):
            continue
        return
    raise ServiceDownError(
        f"Kafka doesn't answer at {settings.bootstrap_servers}; start it with ./playcount up, "
        "or set PLAYCOUNT_KAFKA_SERVERS"
    )


def client_options(settings: Settings) -> dict[str, Any]:
    """What every client of kafka-python is made with: the brokers, and how to speak to them."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "security_protocol": settings.kafka_security,
    }
    if settings.kafka_security.startswith("SASL"):
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_username
        options["sasl_plain_password"] = settings.kafka_password
    if settings.kafka_ca_file:
        options["ssl_cafile"] = settings.kafka_ca_file
    return options


def producer_options(settings: Settings, *, delivery_seconds: int) -> dict[str, Any]:
    """What every producer of listens is made with: durable, or an error in time.

    Args:
        settings: which brokers.
        delivery_seconds: after which a message that isn't acknowledged has failed.
    """
    return {
        **client_options(settings),
        "acks": "all",
        "compression_type": "zstd",
        "batch_size": BATCH_BYTES,
        "max_request_size": MAX_REQUEST_BYTES,
        "delivery_timeout_ms": delivery_seconds * 1000,
        "reconnect_backoff_max_ms": 2000,
    }


def java_client_options(settings: Settings) -> dict[str, str]:
    """The same for Kafka's Java client, as Spark's source takes it."""
    options = {
        "kafka.bootstrap.servers": settings.bootstrap_servers,
        "kafka.security.protocol": settings.kafka_security,
    }
    if settings.kafka_security.startswith("SASL"):
        module = "plain.Plain" if settings.kafka_sasl_mechanism == "PLAIN" else "scram.Scram"
        user, password = (
            value.replace("\\", "\\\\").replace('"', '\\"')
            for value in (settings.kafka_username, settings.kafka_password)
        )
        options["kafka.sasl.mechanism"] = settings.kafka_sasl_mechanism
        options["kafka.sasl.jaas.config"] = (
            f"org.apache.kafka.common.security.{module}LoginModule required "
            f'username="{user}" password="{password}";'
        )
    if settings.kafka_ca_file:
        options["kafka.ssl.truststore.type"] = "PEM"
        options["kafka.ssl.truststore.location"] = settings.kafka_ca_file
    return options


def admin_client(settings: Settings) -> KafkaAdminClient:
    """An admin client; `probe` first, or it waits for 5 s where nobody listens."""
    from kafka import KafkaAdminClient

    return KafkaAdminClient(
        **client_options(settings), request_timeout_ms=5_000, bootstrap_timeout_ms=5_000
    )


def ensure_topic(settings: Settings) -> None:
    """Make the topic, as the settings describe it, unless it's there.

    Kafka deletes by a message's timestamp. The producer sends none, so that it's the time of
    sending: with the time of the play instead, an imported history would be older than the
    retention, and deleted at once.

    Raises:
        ServiceDownError: the brokers can't make it; the message says why.
    """
    from kafka.admin import NewTopic
    from kafka.errors import KafkaError, TopicAlreadyExistsError

    hours = settings.topic_retention_hours
    retention_ms = -1 if hours < 0 else hours * MS_PER_HOUR
    topic = NewTopic(
        settings.topic,
        num_partitions=settings.topic_partitions,
        replication_factor=BROKERS_DEFAULT,
        topic_configs={"retention.ms": str(retention_ms)},
    )
    try:
        with closing(admin_client(settings)) as admin:
            if settings.topic not in admin.list_topics():
                admin.create_topics([topic])
    except TopicAlreadyExistsError:  # somebody else was faster
        return
    except KafkaError as error:
        raise ServiceDownError(
            f"Kafka at {settings.bootstrap_servers} can't make the topic "
            f"{settings.topic!r}: {error}"
        ) from error
