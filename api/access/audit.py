"""The audit log: who, by id, did what, with what result; no name, address, listener or secret."""

from __future__ import annotations

import logging

COMMAND = "command"
"""Who acts by the command line."""

_log = logging.getLogger("playcount.audit")
_log.setLevel(logging.INFO)  # also where PLAYCOUNT_LOG_LEVEL leaves out the rest


def record(event: str, *, by: str, result: str = "ok", **facts: str) -> None:
    """Write one line; facts are ids, roles, scopes and routes."""
    fields = {"event": event, "by": by, "result": result, **facts}
    _log.info(" ".join(f'{name}="{value}"' for name, value in fields.items()))
