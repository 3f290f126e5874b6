"""How often a password may be tried, of a name and from an address; a right one costs nothing."""

from __future__ import annotations

from flask import request

from api.access.identifying import access

SECONDS = 10
"""As much as a busy machine needs for a password's hash, and MongoDB besides."""

TOO_OFTEN = "That was tried too often. Try again in a minute."


def wait(name: str) -> float:
    """Take a try of the name's and of the address's; the seconds until there is one."""
    by_address = access().sign_ins_by_address.take(request.remote_addr or "")
    return by_address or access().sign_ins_by_name.take(name)


def forgive(name: str) -> None:
    """Put the try back: the password was right."""
    access().sign_ins_by_address.give_back(request.remote_addr or "")
    access().sign_ins_by_name.give_back(name)
