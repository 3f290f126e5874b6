"""Passwords, by argon2id with the library's own parameters."""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from listens.errors import UserMistakeError

SHORTEST, LONGEST = 10, 1024

_AT_ONCE = BoundedSemaphore(2)
"""A hash takes 64 MiB: as many sign-ins as threads would take half a gigabyte."""

_hasher = PasswordHasher()


def check_password(password: str) -> None:
    """Check that it can be one.

    Raises:
        UserMistakeError: the password is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserMistakeError(f"a password has {SHORTEST} to {LONGEST:,} characters")


def hash_password(password: str) -> str:
    """The hash, with its salt and parameters.

    Raises:
        UserMistakeError: the password is too short or too long.
    """
    check_password(password)
    with _AT_ONCE:
        return _hasher.hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Whether it's the password; without a hash, no, after as much work as with one."""
    if len(password) > LONGEST:
        return False
    try:
        with _AT_ONCE:
            _hasher.verify(hashed or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def is_outdated(hashed: str) -> bool:
    """Whether the library hashes with other parameters by now."""
    return _hasher.check_needs_rehash(hashed)


@cache
def _nobodys() -> str:
    return _hasher.hash("")
