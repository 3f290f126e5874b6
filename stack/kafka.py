"""The local Kafka broker: its configuration and its storage."""

from __future__ import annotations

import base64
import string
import uuid
from pathlib import Path

from listens.settings import Settings
from stack.java import java_home
from stack.layout import layout
from stack.steps import run

TEMPLATES = Path(__file__).parent / "templates"
LOG_CONFIG = TEMPLATES / "kafka-log4j2.properties"
# 512 MB hold the broker with some 100,000 events a minute; its resident size is then 460 MB.
BROKER_OPTIONS = ("-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-Djava.awt.headless=true")
# The format tool lives for two seconds: a compiler that optimises would only delay it.
TOOL_OPTIONS = ("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def broker_command(settings: Settings) -> list[str]:
    """The broker in the foreground."""
    log_options = f"-Dlog4j2.configurationFile={LOG_CONFIG}"
    main = ("kafka.Kafka", str(layout(settings).kafka_properties))
    return [*_java(settings), *BROKER_OPTIONS, log_options, *main]


def write_properties(settings: Settings) -> None:
    """Write server.properties from its template."""
    layout(settings).kafka_properties.write_text(server_properties(settings))


def server_properties(settings: Settings) -> str:
    """The broker's configuration, as text."""
    template = string.Template((TEMPLATES / "server.properties").read_text())
    return template.substitute(
        port=settings.kafka_port,
        controller_port=settings.kafka_controller_port,
        data=layout(settings).kafka_data,
    )


def format_storage(settings: Settings) -> None:
    """Give the data folder its cluster id, once; later calls return at once.

    Raises:
        PlaycountError: the format tool failed.
    """
    places = layout(settings)
    if (places.kafka_data / "meta.properties").exists():
        return
    tool = [*_java(settings), *TOOL_OPTIONS, "kafka.tools.StorageTool", "format"]
    properties = str(places.kafka_properties)
    arguments = [f"--cluster-id={_new_cluster_id()}", "--config", properties, "--ignore-formatted"]
    run([*tool, *arguments], log=places.log("kafka-format"))


def _java(settings: Settings) -> list[str]:
    jars = settings.jars.resolve() / "kafka"
    return [str(java_home() / "bin" / "java"), "-cp", f"{jars}/*"]


def _new_cluster_id() -> str:
    """A random id in the form that Kafka gives: 16 bytes in URL-safe Base64."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
