"""Finding a Java runtime; standard library only."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from listens.errors import PlaycountError

JAVA_AT_LEAST = 17  # Kafka 4 and Spark 4 need it
JVM_FOLDER = Path("/usr/lib/jvm")
VERSION_LINE = re.compile(r'^JAVA_VERSION="(\d+)', re.MULTILINE)


def find_java_home() -> Path | None:
    """The first fitting of `$JAVA_HOME`, the `java` on PATH, and what Debian installed."""
    for home in _candidates():
        if java_version(home) >= JAVA_AT_LEAST:
            return home
    return None


def java_home() -> Path:
    """The Java home of all components.

    Raises:
        PlaycountError: there's none that is new enough.
    """
    home = find_java_home()
    if home is None:
        raise PlaycountError(
            f"no Java {JAVA_AT_LEAST} or newer: install openjdk-{JAVA_AT_LEAST}-jre-headless, "
            "or set JAVA_HOME"
        )
    return home


def java_version(home: Path) -> int:
    """The major version that a Java home's `release` file names; 0 when it isn't a Java home.

    Reading the file costs microseconds where `java -version` starts a virtual machine.
    """
    release = home / "release"
    if not (home / "bin" / "java").exists() or not release.exists():
        return 0
    match = VERSION_LINE.search(release.read_text(errors="replace"))
    return int(match[1]) if match else 0


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("JAVA_HOME"):
        yield Path(named)
    if on_path := shutil.which("java"):
        yield Path(on_path).resolve().parents[1]
    # Ascending, so that 17 and 21, which Kafka and Spark are tested on, come before newer ones.
    yield from sorted(JVM_FOLDER.glob("*"), key=java_version)
