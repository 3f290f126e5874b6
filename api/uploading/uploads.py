"""Takes uploads, and imports them in the background, one after the other."""

from __future__ import annotations

import logging
import subprocess
import threading
from typing import Any

import pymongo
from pymongo.errors import PyMongoError
from werkzeug.exceptions import ServiceUnavailable

from api.submitting.delivery import KafkaAwayError
from api.uploading import accounts, child
from api.uploading.folders import Order, UploadFolder, folders, new_folder
from api.uploading.receiving import check_form, receive
from listens.brokers import probe
from listens.errors import ServiceDownError
from listens.settings import Settings
from listens.store import Store

MOST_WAITING = 8
"""Uploads that may be on disk at a time, with the one that is imported."""

STORE_SECONDS = 3
RETRY_SECONDS = 1
LOOK_SECONDS = 0.3
BUSY_RETRY_SECONDS = 30
CLOSE_SECONDS = 8
"""How long the end of the API waits for an import to end in order; gunicorn gives it ten."""

_log = logging.getLogger(__name__)


class Uploads:
    """The uploads of one home; safe among threads.

    One request at a time brings files, and one import at a time runs, in a process of its own. Its
    files are removed when it has ended. What this process leaves behind when it ends, `resume`
    goes on with: imported again from the beginning, nothing is counted twice.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._receiving = threading.Lock()
        self._starting = threading.Lock()
        self._more = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, order: Order) -> dict[str, Any]:
        """Write the files of the current request to disk, to be imported; the upload's account.

        Raises:
            KafkaAwayError: no broker answers; nothing was taken.
            PyMongoError: the store doesn't answer; nothing was taken.
            HTTPException: the files can't be taken, or not now.
        """
        check_form()
        if not self._receiving.acquire(blocking=False):
            raise _busy("Another upload is coming in; send the files when it's done.")
        try:
            self._refuse_if_away()
            return self._taken(order)
        finally:
            self._receiving.release()

    def resume(self) -> None:
        """Go on with what a former process has left; forget what it hasn't received to its end."""
        if folders(self._settings.uploads):
            self._wake()

    def stop(self) -> None:
        """Ask the import to end, and begin no other; to be called from a signal's handler."""
        self._stopping.set()
        self._more.set()

    def close(self) -> None:
        """Stop, and wait a little for it."""
        self.stop()
        if self._thread:
            self._thread.join(CLOSE_SECONDS)

    def _refuse_if_away(self) -> None:
        waiting = sum(folder.is_sealed for folder in folders(self._settings.uploads))
        if waiting >= MOST_WAITING:
            raise _busy(f"{waiting} uploads wait to be imported; send the files later.")
        try:
            probe(self._settings)
        except ServiceDownError as error:
            raise KafkaAwayError(str(error)) from error
        with pymongo.timeout(STORE_SECONDS):
            self._store.command("ping")

    def _taken(self, order: Order) -> dict[str, Any]:
        folder = new_folder(self._settings.uploads)
        with folder.locked():
            try:
                paths = receive(folder, most_mb=self._settings.upload_max_mb)
                facts = {
                    "state": accounts.WAITING,
                    "files": [path.name for path in paths],
                    "bytes": sum(path.stat().st_size for path in paths),
                }
                with pymongo.timeout(STORE_SECONDS):
                    accounts.note(self._store, folder.upload_id, **facts)
                folder.seal(order)
            except BaseException:
                folder.remove()
                raise
        self._wake()
        return {"upload_id": folder.upload_id, **facts}

    def _wake(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="uploads", daemon=True)
                self._thread.start()
        self._more.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._more.clear()
            for folder in folders(self._settings.uploads):
                self._tried(folder)
            # What is left has its lock elsewhere: it's received, or imported by a process that
            # has outlived its API.
            left = folders(self._settings.uploads)
            self._more.wait(RETRY_SECONDS if left else None)

    def _tried(self, folder: UploadFolder) -> None:
        """Finish an upload, or tell why not: the thread goes on, whatever happens to one."""
        try:
            self._finish(folder)
        except PyMongoError as error:
            _log.warning("an upload can't be noted: %s", type(error).__name__)
        except Exception:  # noqa: BLE001 - the entry point of the thread
            _log.exception("an upload can't be imported")
            self._stopping.wait(RETRY_SECONDS)

    def _finish(self, folder: UploadFolder) -> None:
        with folder.locked() as lock:
            if lock is None or self._stopping.is_set():
                return
            if not folder.is_sealed:
                folder.remove()
                return
            # A process that outlived its API may have done all there is to do.
            outcome = child.success(folder) or self._imported(folder, lock)
            if outcome and self._is_noted(folder, outcome.facts()):
                folder.remove()

    def _imported(self, folder: UploadFolder, lock: int) -> child.Outcome | None:
        """How the import ended; None where it was stopped, to be gone on with."""
        accounts.note(self._store, folder.upload_id, state=accounts.IMPORTING)
        _log.info("an upload is imported", extra={"upload_id": folder.upload_id})
        status = self._ended(child.start(folder, lock))
        if outcome := child.success(folder):
            return outcome
        if self._stopping.is_set():
            accounts.note(self._store, folder.upload_id, state=accounts.WAITING)
            return None
        told = folder.messages.read_text(encoding="utf-8", errors="replace")[-4000:]
        _log.warning("an upload wasn't imported (status %d): %s", status, told)
        return child.failure(folder, status)

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        """Its exit status; it's asked to end when the API does."""
        while (status := process.poll()) is None:
            if self._stopping.wait(LOOK_SECONDS):
                process.terminate()  # once: asked again, it would leave its account open
                return process.wait()
        return status

    def _is_noted(self, folder: UploadFolder, facts: dict[str, Any]) -> bool:
        """Note how it ended, as soon as the store answers; False where the API ends before."""
        while not self._stopping.is_set():
            try:
                accounts.note(self._store, folder.upload_id, **facts)
            except PyMongoError:
                self._stopping.wait(RETRY_SECONDS)
            else:
                return True
        return False


def _busy(why: str) -> ServiceUnavailable:
    return ServiceUnavailable(why, retry_after=BUSY_RETRY_SECONDS)
