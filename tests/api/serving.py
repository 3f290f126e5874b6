"""The API as its user runs it: a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from listens.settings import CHECKOUT, Settings
from stack.processes import settings_environment

START_SECONDS = 60
SERVE = ("-c", "from api.cli import app; app()")


@contextmanager
def served(settings: Settings, program: Sequence[str] = SERVE) -> Iterator[str]:
    """`playcount serve`, or another program of Python's, at the settings' port; its address."""
    process = subprocess.Popen(
        [sys.executable, *program],
        cwd=CHECKOUT,
        env=os.environ | settings_environment(settings),
    )
    try:
        wait_until_answering(settings.api_port)
        yield f"http://127.0.0.1:{settings.api_port}"
    finally:
        process.terminate()
        try:
            status = process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert status == 0


def wait_until_answering(port: int) -> None:
    """Until something listens there."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens at {port}")
