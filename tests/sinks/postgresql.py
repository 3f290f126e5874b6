"""A real PostgreSQL: the installed one, or Debian's package unpacked."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from tests.conftest import free_ports
from tests.debian_packages import program

SECONDS = 60


class Server:
    """A PostgreSQL in a temporary folder."""

    def __init__(self) -> None:
        self._bin, self._libraries = _programs()
        self._port = free_ports()["mongo_port"]
        self._folder = Path(tempfile.mkdtemp(prefix="playcount-postgresql-"))
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            shutil.chown(self._folder, "nobody", "nogroup")
        made = self._run("initdb", "--username=playcount", "--auth=trust", "--no-sync", "-EUTF8")
        if made.wait(SECONDS):
            pytest.skip(f"PostgreSQL can't be run here: {(self._folder / 'log').read_text()}")

    @property
    def uri(self) -> str:
        """Its connection string."""
        return f"postgresql://playcount@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start it unless it runs, and wait until it answers."""
        if self._process is None:
            self._process = self._run(
                "postgres", "-p", str(self._port), "-h", "127.0.0.1", "-k", "", "-c", "fsync=off"
            )
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                psycopg.connect(self.uri).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self._folder / "log").read_text()
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        """Break all connections off at once."""
        if self._process is not None:
            self._process.send_signal(subprocess.signal.SIGQUIT)  # type: ignore[attr-defined]
            self._process.wait(SECONDS)
            self._process = None

    def remove(self) -> None:
        """Stop it and remove its data."""
        self.stop()
        shutil.rmtree(self._folder)

    def _run(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        # It refuses to run as root.
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self._bin / name), "-D", str(self._folder / "data"), *arguments],
                cwd=self._folder,
                env={**os.environ, "LD_LIBRARY_PATH": self._libraries, "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **(user if os.geteuid() == 0 else {}),  # type: ignore[arg-type]
            )


def _programs() -> tuple[Path, str]:
    """The folder of the programs, and where they find libpq."""
    with contextlib.suppress(ValueError):
        return max(Path("/usr/lib/postgresql").glob("*/bin/postgres")).parent, ""
    if shutil.which("apt-cache") is None:
        pytest.skip("no PostgreSQL is installed here, and there's no apt to fetch it")
    told = subprocess.run(
        ["apt-cache", "depends", "postgresql"], capture_output=True, text=True, check=False
    )
    names = [line.split()[-1] for line in told.stdout.splitlines() if "Depends: postg" in line]
    if not names:
        pytest.skip("apt knows no package postgresql; type apt-get update")
    version = names[0].removeprefix("postgresql-")
    server = program(names[0], f"usr/lib/postgresql/{version}/bin/postgres")
    library = next(program("libpq5", "usr/lib").rglob("libpq.so.5"))
    return server.parent, str(library.parent)
