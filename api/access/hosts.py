"""The names by which the API is asked, while nobody is asked who they are.

A page elsewhere can make its own name lead to this machine (DNS rebinding). To the browser it is
then of the API's own site and may read all of it; but each request still tells that name in `Host`.
"""

from __future__ import annotations

import re

from listens.reach import is_loopback
from listens.settings import Settings, names_in

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d*)?", re.ASCII)


def known_hosts(settings: Settings) -> frozenset[str]:
    """The names besides those of loopback: what is bound to, and what the settings list."""
    return frozenset(name.lower() for name in (settings.api_host, *names_in(settings.api_hosts)))


def is_ours(header: str | None, known: frozenset[str]) -> bool:
    """Whether the header `Host`, with whatever port, names loopback or a known host.

    Every browser sends one, so a request without comes from none.
    """
    if header is None:
        return True
    found = _HOST.fullmatch(header.lower())
    if found is None:
        return False
    name = found[1] or found[2]
    return is_loopback(name) or name in known
