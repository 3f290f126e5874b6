"""Programs out of Debian packages that tests unpack without installing them."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from listens.settings import CHECKOUT

UNPACKED = CHECKOUT / ".playcount" / "test-tools"
SECONDS = 120


def program(package: str, path: str, *, suite: str | None = None) -> Path:
    """The program at `path` of a package, fetched once; skips the test where it can't be had.

    Args:
        package: name of the package.
        path: below the package's root, such as `usr/bin/promtool`.
        suite: a newer Debian's name; None for this machine's own.
    """
    found = UNPACKED / package / path
    with _only_one(package):
        return _fetched(found, package, suite)


@contextmanager
def _only_one(package: str) -> Iterator[None]:
    """No two testers unpack the same."""
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with (UNPACKED / f"{package}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fetched(found: Path, package: str, suite: str | None) -> Path:
    if not found.exists():
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            pytest.skip(f"{package} is unpacked from its Debian package, and there's no apt-get")
        try:
            _unpack(package, suite)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"Debian's package {package} can't be had here: {error}")
    return found


def _unpack(package: str, suite: str | None) -> None:
    folder = UNPACKED / package
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    options = _other_suite(folder / "apt", suite) if suite else []
    if suite or not _is_known(package):
        _run(["apt-get", *options, "update"], folder)
    _run(["apt-get", *options, "download", package], folder)
    [archive] = folder.glob("*.deb")
    _run(["dpkg-deb", "-x", str(archive), "."], folder)
    archive.unlink()
    shutil.rmtree(folder / "apt", ignore_errors=True)


def _is_known(package: str) -> bool:
    told = subprocess.run(["apt-cache", "show", package], capture_output=True, check=False)
    return told.returncode == 0


def _other_suite(folder: Path, suite: str) -> list[str]:
    """Options of apt for the machine's own sources with another suite, and lists of its own."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    own = next(line[17:] for line in release.splitlines() if line[:17] == "VERSION_CODENAME=")
    sources = folder / "sources.list.d"
    for part in ("sources.list.d", "lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    for source in [*Path("/etc/apt/sources.list.d").glob("*"), Path("/etc/apt/sources.list")]:
        if source.exists():
            (sources / source.name).write_text(_of_suite(source.read_text(), own, suite))
    return [
        *("-o", "Dir::Etc::SourceList=/dev/null"),
        *("-o", f"Dir::Etc::SourceParts={sources}"),
        *("-o", f"Dir::State::Lists={folder / 'lists'}"),
        *("-o", f"Dir::Cache={folder / 'cache'}"),
    ]


def _of_suite(text: str, own: str, suite: str) -> str:
    """Updates and security fixes are left out: an unpacked program needs them for no test."""
    lines = []
    for line in text.splitlines():
        if line.startswith("Suites:"):
            is_main = own in line.split()
            lines.append(f"Suites: {suite if is_main else line.split()[1]}")
        elif not line.startswith("deb ") or f" {own} " in line:
            lines.append(line.replace(f" {own} ", f" {suite} "))
    return "\n".join(lines) + "\n"


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=SECONDS)
