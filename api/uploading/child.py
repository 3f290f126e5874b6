"""The import of an upload: `./playcount import` as a process of its own, and how it ended."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from api.uploading.folders import UploadFolder
from listens.settings import CHECKOUT

IMPORTED, FAILED = "imported", "failed"

_LEFT_OUT = "left out: "
_COMMAND = "playcount: "
"""What stands before the message of an error."""

_MOST_CHARACTERS = 2_000
_MOST_NOTES = 20


@dataclass(frozen=True)
class Outcome:
    """How an import ended.

    Attributes:
        state: IMPORTED, once all rows are on Kafka, or FAILED.
        error: in words, what was wrong, or what remains to be seen.
        notes: what else it told, such as files of an archive that were left out.
    """

    state: str
    error: str | None
    notes: list[str]

    def facts(self) -> dict[str, Any]:
        """As the upload's account keeps them."""
        return {"state": self.state, "error": self.error, "notes": self.notes}


def start(folder: UploadFolder, lock: int) -> subprocess.Popen[bytes]:
    """Start the import, with the environment of this process and so with its settings.

    It holds the folder's lock, and writes to files rather than to pipes: should this process die,
    it goes on. Ctrl-C on a terminal isn't for it; who started it asks it to stop.
    """
    order = folder.order
    command = [sys.executable, str(CHECKOUT / "playcount"), "import", "--json", "--wait"]
    command += [f"--upload={folder.upload_id}"]
    command += [f"--listener={order.listener}"] if order.listener is not None else []
    command += [f"--date-order={order.date_order}"] if order.date_order else []
    with folder.output.open("wb") as output, folder.messages.open("wb") as messages:
        return subprocess.Popen(
            [*command, *map(str, folder.files)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=messages,
            pass_fds=(lock,),
            start_new_session=True,
        )


def success(folder: UploadFolder) -> Outcome | None:
    """How it ended, if everything was sent; None: it failed, or never came so far.

    The balance on standard output says it, also of an import that nobody waited for.
    """
    try:
        balance = orjson.loads(folder.output.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    if not balance["balanced"]:
        return None
    return Outcome(IMPORTED, _error(folder.messages), _notes(folder.messages))


def failure(folder: UploadFolder, status: int) -> Outcome:
    """How it ended, if not well; `status` is negative for a signal."""
    told = _error(folder.messages)
    if status < 0:
        told = f"the import was stopped by signal {-status}; send the files again"
    told = told or f"the import failed with status {status}; the server's log says why"
    return Outcome(FAILED, told, _notes(folder.messages))


def _error(messages: Path) -> str | None:
    _, found, told = _text(messages).rpartition(f"\n{_COMMAND}")
    return told.strip()[:_MOST_CHARACTERS] if found else None


def _notes(messages: Path) -> list[str]:
    return [
        line.removeprefix(_LEFT_OUT)
        for line in _text(messages).splitlines()
        if line.startswith(_LEFT_OUT)
    ][:_MOST_NOTES]


def _text(messages: Path) -> str:
    # With a line before the first, so that each message has one before it.
    return "\n" + messages.read_text(encoding="utf-8", errors="replace")
