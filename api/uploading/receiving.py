"""From a request's body to files on disk, piece by piece."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import IO

from flask import request
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from werkzeug.formparser import FormDataParser

from api.uploading.folders import UploadFolder

FORM = "multipart/form-data"

MOST_FILES = 200
"""Of an upload: a large export has some thirty, and a zip is one."""

SILENT_SECONDS = 60
"""A client that sends nothing for so long is gone: it would keep all others from sending."""

_MEBIBYTE = 1 << 20


class NoRoomError(HTTPException):
    """The disk is full."""

    code = HTTPStatus.INSUFFICIENT_STORAGE
    description = "The server's disk has no room for the files; nothing of them is kept."


def check_form() -> None:
    """Check that the request says it has files.

    Raises:
        UnsupportedMediaType: it doesn't.
    """
    if request.mimetype != FORM:
        raise UnsupportedMediaType(f"send files as {FORM}, as curl -F file=@export.zip does")


def receive(folder: UploadFolder, *, most_mb: int) -> list[Path]:
    """Write the request's files into the folder.

    Args:
        folder: empty.
        most_mb: MiB that the request may have.

    Raises:
        HTTPException: there's no file in it, it's too large, or cut off; or the disk is full.
    """
    try:
        with _impatient(), ExitStack() as opened:
            return _written(folder, opened, most_mb)
    except RequestEntityTooLarge as error:
        raise RequestEntityTooLarge(
            f"an upload may have {most_mb:,} MiB (PLAYCOUNT_UPLOAD_MAX_MB) and {MOST_FILES} files; "
            "send the files one by one, or import them by ./playcount import"
        ) from error
    except ValueError as error:
        raise BadRequest(f"the files didn't come whole ({error}); send them again") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoomError from error
        raise


def _written(folder: UploadFolder, opened: ExitStack, most_mb: int) -> list[Path]:
    paths: list[Path] = []

    def file(
        total_content_length: int | None,  # noqa: ARG001  # called by these names
        content_type: str | None,  # noqa: ARG001
        filename: str | None,
        content_length: int | None = None,  # noqa: ARG001
    ) -> IO[bytes]:
        paths.append(folder.new_file(len(paths) + 1, filename or ""))
        return opened.enter_context(paths[-1].open("w+b"))

    parser = FormDataParser(
        file,
        max_form_memory_size=_MEBIBYTE,  # holds for what is read of a file at a time, too
        max_content_length=most_mb * _MEBIBYTE,
        silent=False,
        max_form_parts=MOST_FILES,
    )
    _, fields, files = parser.parse_from_environ(request.environ)
    if fields:
        raise BadRequest(
            f"the form has {', '.join(sorted(fields)[:5])} beside files; listener and date_order "
            "stand in the address: ?listener=anna"
        )
    if not any(each.filename for each in files.values()):
        raise BadRequest("there is no file in the form")
    return paths


@contextmanager
def _impatient() -> Iterator[None]:
    """Give a client up that doesn't go on; without gunicorn, as in tests, none is waited for."""
    connection = request.environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    before = connection.gettimeout()
    connection.settimeout(SILENT_SECONDS)
    try:
        yield
    finally:
        connection.settimeout(before)
