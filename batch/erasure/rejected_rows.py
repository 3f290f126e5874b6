"""Rejected rows of an erased listener: files of the machine where the command is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from batch.erasure.traces import AGAIN, Trace
from listens import erasures
from listens import store as collections
from listens.settings import Settings
from listens.store import Store


def forget_rejected_rows(store: Store, listener: str, *, settings: Settings) -> None:
    """Delete the rejected rows of all imports that an erasure of the listener has covered."""
    for path in _files(store, listener, settings):
        path.unlink(missing_ok=True)


def rejected_rows_held(store: Store, listener: str, *, settings: Settings) -> Iterator[Trace]:
    """What of them is still there."""
    if count := sum(path.exists() for path in _files(store, listener, settings)):
        yield Trace("rejected rows", f"{count:,} files", AGAIN)


def _files(store: Store, listener: str, settings: Settings) -> Iterator[Path]:
    theirs = {"digest": erasures.digest_of(listener)}
    for erasure in store[collections.ERASURES].find(theirs, {"imports": 1}):
        for import_id in erasure["imports"]:
            yield settings.rejected_rows / f"{import_id}.jsonl"
