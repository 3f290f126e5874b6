"""A real Cassandra of one node, from the jars of `stack/poms/cassandra.xml`."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from listens.errors import PlaycountError
from stack.jars import JarFolder
from stack.java import java_home
from stack.probes import accepts
from tests.conftest import free_ports
from tests.debian_packages import UNPACKED

SECONDS = 180
HEAP = ("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
# What Cassandra's own conf/jvm17-server.options opens to it.
EXPORTED = (
    "java.base/jdk.internal.misc", "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry", "java.rmi/sun.rmi.server", "java.sql/java.sql",
    "java.base/java.lang.ref", "java.base/java.lang.reflect", "jdk.unsupported/sun.misc",
)  # fmt: skip
OPENED = (
    "java.base/java.lang.module", "java.base/jdk.internal.loader", "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect", "java.base/jdk.internal.math",
    "java.base/jdk.internal.module", "java.base/jdk.internal.util.jar", "java.base/sun.nio.ch",
    "java.base/java.io", "java.base/java.nio", "java.base/java.util", "java.base/java.lang",
    "java.base/java.net", "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic", "java.base/java.util.regex",
    "jdk.management/com.sun.management.internal",
)  # fmt: skip


class Cassandra:
    """One node, with its data in a folder."""

    def __init__(self, folder: Path) -> None:
        self._jars = _jars()
        self._folder = folder
        ports = free_ports()
        self.port = ports["kafka_port"]
        self._process: subprocess.Popen[bytes] | None = None
        text = Path(__file__).with_name("cassandra.yaml").read_text()
        for name, port in (("$port$", self.port), ("$storage_port$", ports["mongo_port"])):
            text = text.replace(name, str(port))
        (folder / "cassandra.yaml").write_text(text)

    def start(self) -> None:
        """Start it, and wait until it takes clients."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log)
        deadline = time.monotonic() + SECONDS
        while not accepts("127.0.0.1", self.port):
            ended = self._process.poll() is not None or time.monotonic() > deadline
            assert not ended, (self._folder / "log").read_text()[-5_000:]
            time.sleep(0.5)

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _command(self) -> list[str]:
        [agent] = self._jars.glob("jamm-*.jar")
        return [
            *(str(java_home() / "bin" / "java"), *HEAP, f"-javaagent:{agent}"),
            *(f"--add-exports={each}=ALL-UNNAMED" for each in EXPORTED),
            *(f"--add-opens={each}=ALL-UNNAMED" for each in OPENED),
            "-Djdk.attach.allowAttachSelf=true",
            f"-Dcassandra.config={(self._folder / 'cassandra.yaml').as_uri()}",
            f"-Dcassandra.storagedir={self._folder}",
            "-Dcassandra-foreground=yes",
            # It has nobody to gossip with.
            "-Dcassandra.skip_wait_for_gossip_to_settle=0",
            "-Dcassandra.ring_delay_ms=0",
            *("-cp", f"{self._jars}/*", "org.apache.cassandra.service.CassandraDaemon"),
        ]


def _jars() -> Path:
    """The folder of its jars, fetched once."""
    jars = JarFolder("cassandra", UNPACKED / "cassandra")
    try:
        if not jars.is_current():
            jars.fetch(log=UNPACKED / "cassandra-maven.log")
    except (PlaycountError, FileNotFoundError) as error:
        pytest.skip(f"Maven can't fetch Cassandra: {error}")
    return jars.folder
