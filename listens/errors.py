"""The errors that a user meets; each says what was wrong and what to do."""

from __future__ import annotations


class PlaycountError(Exception):
    """The root of all errors of Playcount; the command prints it and exits with `exit_code`."""

    exit_code = 1


class UserMistakeError(PlaycountError, ValueError):
    """Something that the user named can't be used as it is."""

    exit_code = 2


class ServiceDownError(PlaycountError, ConnectionError):
    """Kafka, MongoDB or another service doesn't answer."""


class IntegrityError(PlaycountError, RuntimeError):
    """A count that must hold doesn't: work stops rather than publish a wrong number."""
