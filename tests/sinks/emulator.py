"""Azurite, Azure's own emulator of its storage, from npm with the committed lock."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from stack.jars import file_hash
from stack.probes import accepts
from tests.conftest import free_ports
from tests.debian_packages import UNPACKED

LOCK = Path(__file__).parent / "azurite"
MAIN = Path("node_modules/azurite/dist/src/queue/main.js")
# The account that every Azurite has; Microsoft publishes its key.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
SECONDS = 60


class Azurite:
    """Its queue service, with its data in a folder."""

    def __init__(self, folder: Path) -> None:
        self._main = _installed() / MAIN
        self._folder = folder
        self._port = free_ports()["api_port"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def connection(self) -> str:
        """Its connection string."""
        endpoint = f"http://127.0.0.1:{self._port}/{ACCOUNT}"
        return f"AccountName={ACCOUNT};AccountKey={KEY};QueueEndpoint={endpoint}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = ["node", str(self._main), "--queuePort", str(self._port), "--silent"]
        # The client may speak a newer version of the protocol than the emulator knows of.
        options = ["--location", str(self._folder), "--skipApiVersionCheck", "--disableTelemetry"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*command, *options], stdout=log, stderr=log)
        deadline = time.monotonic() + SECONDS
        while not accepts("127.0.0.1", self._port):
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.1)

    def stop(self) -> None:
        """Let it write its data down, and end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(SECONDS)


def _installed() -> Path:
    """The folder of its packages, installed once."""
    folder = UNPACKED / "azurite"
    stamp = folder / "lock.sha256"
    if stamp.exists() and stamp.read_text() == file_hash(LOCK / "package-lock.json"):
        return folder
    if not shutil.which("npm"):
        pytest.skip("Azurite comes from npm, and there's none here")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(LOCK, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"npm can't install Azurite: {done.stderr[-500:]}")
    stamp.write_text(file_hash(LOCK / "package-lock.json"))
    return folder
