"""Who can reach the API, and that nobody who can goes unasked who they are."""

from __future__ import annotations

import ipaddress

from listens.errors import UserMistakeError
from listens.settings import Settings


def check_reach(settings: Settings) -> None:
    """Check that access is on where others can reach the API, unless a container is around it.

    Raises:
        UserMistakeError: access is off, and others can reach the API, or a proxy that does.
    """
    is_here = is_loopback(settings.api_host)
    if settings.access != "off" or (is_here and not settings.api_proxies):
        return
    reach = f"{settings.api_host} can be reached from other machines"
    if is_here:
        reach = "PLAYCOUNT_API_PROXIES lets others in"
    raise UserMistakeError(
        f"{reach}, and nobody is asked who they are: set PLAYCOUNT_ACCESS=on, and add a user by "
        "./playcount user add NAME --role admin (docs/access.md), or bind to 127.0.0.1"
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
