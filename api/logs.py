"""What the API logs: a line an event, its fields behind it as `name=value`."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import orjson

from api import request_ids
from listens.settings import Settings

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; all else are fields."""


class EventFormatter(logging.Formatter):
    """Time, level, message and fields; a value with anything unusual in it is quoted as JSON."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line, without a traceback."""
        return " ".join([super().formatMessage(record), *_fields(record)])


def set_up(settings: Settings) -> None:
    """Log to stderr at the level of the settings."""
    handler = logging.StreamHandler()
    handler.setFormatter(EventFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(request_ids.add_to)
    logging.basicConfig(level=settings.log_level, handlers=[handler])


def _fields(record: logging.LogRecord) -> Iterator[str]:
    for name, value in vars(record).items():
        if name not in _OWN:
            text = str(value)
            is_plain = text.isascii() and text.isprintable() and not set(text) & set(' "=')
            yield f"{name}={text if is_plain else orjson.dumps(text).decode()}"
