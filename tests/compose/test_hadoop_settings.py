"""HDFS and YARN of the Compose file: the real daemons, with its environment and health checks."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from listens.settings import CHECKOUT, HADOOP_PORTS, Settings
from stack.hadoop import MAINS, OPENED, OPTIONS
from stack.kafka import java_home
from tests.conftest import some_free_ports

PATIENCE_SECONDS = 60
JARS = Settings().jars / "hadoop"

pytestmark = pytest.mark.skipif(
    not JARS.exists(), reason="Hadoop's jars come by PLAYCOUNT_PROFILE=cluster ./playcount env"
)


class Daemons:
    """The four daemons as Compose would start them, on this machine's addresses."""

    def __init__(self, services: dict, folder: Path) -> None:
        self.services = services
        self.folder = folder
        ports = some_free_ports(len(HADOOP_PORTS))
        self.ports = dict(zip(HADOOP_PORTS, ports, strict=True))
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, service: str) -> dict[str, str]:
        """The service's variables, names of containers replaced."""
        told = {
            name: "127.0.0.1" if name.endswith("_HOST") else value
            for name, value in self.services[service]["environment"].items()
        }
        data = self.folder / service
        own = {
            "HADOOP_DATA": str(data),
            "YARN_STATE_URI": told["YARN_STATE_URI"].replace("/data", str(data)),
        }
        ports = {f"{name.upper()}_PORT": str(port) for name, port in self.ports.items()}
        return {**os.environ, **told, **own, **ports, "JAVA_HOME": str(java_home())}

    def java(self, main: str, *arguments: str) -> list[str]:
        """A Java program with the configuration in hadoop-conf/."""
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
        java = [str(java_home() / "bin" / "java"), "-Xmx256m", *OPTIONS, *opened]
        classes = f"{CHECKOUT / 'hadoop-conf'}:{JARS}/*"
        return [*java, f"-Dhadoop.home.dir={JARS}", "-cp", classes, main, *arguments]

    def start(self, service: str) -> None:
        """Start one; its output goes into a file."""
        with (self.folder / f"{service}.log").open("wb") as log:
            command = self.java(MAINS[service])
            environment = self.environment(service)
            self.running[service] = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log
            )

    def is_healthy(self, service: str) -> bool:
        """What the service's health check says."""
        kind, *command = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        web = {f"/{HADOOP_PORTS[f'{name}_http']}": self.ports[f"{name}_http"] for name in MAINS}
        for port, own in web.items():
            command = [part.replace(port, f"/{own}") for part in command]
        for name in MAINS:
            command = [part.replace(f"/dev/tcp/{name}", "/dev/tcp/127.0.0.1") for part in command]
        done = subprocess.run(command, capture_output=True, check=False, timeout=10)
        return done.returncode == 0

    def stop(self) -> None:
        """End all, the NodeManager first, which would look for the others."""
        for process in reversed(self.running.values()):
            process.terminate()
            process.wait()


@pytest.fixture
def daemons(compose, tmp_path: Path) -> Iterator[Daemons]:
    """None of them running yet."""
    made = Daemons(compose["services"], tmp_path)
    yield made
    made.stop()
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_each_daemon_gets_healthy_with_the_environment_of_its_service(daemons: Daemons) -> None:
    assert [name for name in MAINS if daemons.is_healthy(name)] == []
    (daemons.folder / "namenode").mkdir()
    formatting = daemons.java(MAINS["namenode"], "-format", "-nonInteractive")
    environment = daemons.environment("namenode")
    subprocess.run(formatting, env=environment, check=True, capture_output=True)
    # Where the container's own command looks before it formats.
    assert "/data/name/current" in daemons.services["namenode"]["command"][-1]
    assert (daemons.folder / "namenode" / "name" / "current").is_dir()

    for name in MAINS:
        daemons.start(name)
        eventually(lambda name=name: daemons.is_healthy(name))

    folders = daemons.services["hdfs-folders"]["command"][-1].split(" && ")
    shell = daemons.java("org.apache.hadoop.fs.FsShell")
    for step in folders:
        _, _, *arguments = step.split()
        subprocess.run([*shell, *arguments], env=environment, check=True, capture_output=True)
    shown = subprocess.run([*shell, "-ls", "/"], env=environment, capture_output=True, check=True)
    lines = [line.split() for line in shown.stdout.decode().splitlines() if line.startswith("d")]
    rights = {line[-1]: (line[0], line[2]) for line in lines}
    assert rights["/playcount"] == ("drwxr-xr-x", "playcount")
    assert rights["/tmp"][0] == "drwxrwxrwt"


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.3)
