"""What the streaming application logs."""

from __future__ import annotations

import logging

from listens.settings import Settings


def set_up(settings: Settings) -> None:
    """A line an event on stderr, at the level of the settings."""
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # They log every call and every reconnect.
    for chatty in ("py4j", "kafka", "azure", "cassandra"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
