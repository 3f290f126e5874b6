"""How far the sinks have come, as their consumer groups at Kafka say."""

from __future__ import annotations

from contextlib import closing

from kafka.errors import KafkaError

from listens.brokers import admin_client
from listens.errors import ServiceDownError
from listens.settings import Settings
from listens.sinks import NAMES, component, consumer_group
from stack.lag import Offsets


def sink_offsets(settings: Settings) -> dict[str, Offsets]:
    """Component → committed offsets of the topic, for each sink that has ever run.

    Raises:
        ServiceDownError: Kafka doesn't answer.
    """
    components = {consumer_group(name, settings.database): component(name) for name in NAMES}
    try:
        with closing(admin_client(settings)) as admin:
            # Listed first: to be asked for a group that it never had, a new broker makes a topic.
            there = {group["group_id"] for group in admin.list_groups()}
            groups = [group for group in components if group in there]
            found = admin.list_group_offsets(groups) if groups else {}
    except KafkaError as error:
        raise ServiceDownError(f"Kafka doesn't tell about consumer groups: {error}") from error
    return {
        components[group]: {
            str(at.partition): committed.offset
            for at, committed in offsets.items()
            if at.topic == settings.topic
        }
        for group, offsets in found.items()
    }
