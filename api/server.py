"""The API's production server: gunicorn, one process with threads, so that there's one cache."""

from __future__ import annotations

import errno
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.http.message import Request
from gunicorn.workers.gthread import TConn, ThreadWorker

from api.answering import EXTENSION
from api.application import create_app
from api.routes.stream import PATH as STREAM_PATH
from listens.errors import UserMistakeError
from listens.reach import check_reach, is_loopback
from listens.settings import Settings
from listens.store import open_store

GRACEFUL_SECONDS = 10

_log = logging.getLogger(__name__)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Threads for requests, and one more for each stream of listens that may be open.

    Also while no stream is open, no more requests are answered at a time than there are threads
    for them: that bounds the memory that they take.
    """

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """The pool; a thread is made when it's first needed."""
        self.turns = BoundedSemaphore(self.cfg.threads)
        return ThreadPoolExecutor(self.cfg.threads + self.app.settings.api_streams)

    def handle_request(self, req: Request, conn: TConn) -> bool:
        """Answer a request when it's its turn; a stream needs none."""
        if req.path == STREAM_PATH:
            return bool(super().handle_request(req, conn))
        with self.turns:
            return bool(super().handle_request(req, conn))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: streams end, as they would never by themselves; so does an import."""
        self._end_lasting()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """SIGQUIT, which Ctrl-C becomes: their threads would keep the process."""
        self._end_lasting()
        super().handle_quit(sig, frame)

    def _end_lasting(self) -> None:
        if application := getattr(self, "wsgi", None):  # a signal may come before it's made
            application.extensions[EXTENSION].feed.stop()
            application.extensions[EXTENSION].uploads.stop()


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn with options from the settings rather than from its own command line."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Hand the options over."""
        for name, value in options(self.settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The WSGI application; made after the fork, which MongoDB's client doesn't survive."""
        application = create_app(self.settings)
        application.extensions[EXTENSION].uploads.resume()
        return application


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let the requests under way finish.

    Raises:
        UserMistakeError: the address can't be bound to, or others could reach it unasked.
    """
    open_store(settings).client.close()  # a wrong connection string is told before the fork
    check_reach(settings)
    if settings.access == "container" and not is_loopback(settings.api_host):
        _log.warning(
            "PLAYCOUNT_ACCESS=container: whoever reaches %s reads every listener's history",
            settings.api_host,
        )
    check_address(settings.api_host, settings.api_port)
    Server(settings).run()


def options(settings: Settings) -> dict[str, Any]:
    """Gunicorn's options."""
    host = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host
    return {
        "bind": f"{host}:{settings.api_port}",
        "worker_class": Worker,
        "workers": 1,
        "threads": settings.api_threads,
        "graceful_timeout": GRACEFUL_SECONDS,
        "keepalive": 75,  # longer than a browser's pause between two polls of one page
        "loglevel": settings.log_level.lower(),
        "proc_name": "playcount-api",
        "control_socket_disable": True,
        "worker_exit": _close,
        # Of a proxy's headers the application believes what the settings say, and gunicorn none.
        "forwarded_allow_ips": "",
    }


def _close(_server: Arbiter, worker: Worker) -> None:
    if application := getattr(worker, "wsgi", None):
        application.extensions[EXTENSION].uploads.close()
        application.extensions[EXTENSION].delivery.close()


def check_address(host: str, port: int) -> None:
    """Bind once and let go: gunicorn itself would try again for seconds, then exit with 1.

    Raises:
        UserMistakeError: the port is in use, or the host isn't one of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UserMistakeError(
                f"port {port} of {host} is in use; stop what uses it, or set PLAYCOUNT_API_PORT"
            ) from error
        raise UserMistakeError(
            f"can't listen on {host}:{port}: {error.strerror}; see PLAYCOUNT_API_HOST"
        ) from error
