"""What must hold before processes are started."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterable, Iterator

import psutil

from listens.errors import UserMistakeError
from listens.settings import Settings
from stack.layout import layout
from stack.processes import Process, has_local_cluster

# Kafka and MongoDB each preallocate some 300 MB, and a batch spills beside them.
DISK_AT_LEAST_GB = 2
# Measured: 2.6 GB of daemons and services, 2.9 GB for streaming and 3.3 GB for a batch beside it.
CLUSTER_MEMORY_GB = 10


def check_disk(settings: Settings) -> None:
    """Raises UserMistakeError when the home's disk is nearly full."""
    home = layout(settings).home
    free_gb = shutil.disk_usage(home).free / 1e9
    if free_gb < DISK_AT_LEAST_GB:
        raise UserMistakeError(
            f"only {free_gb:.1f} GB are free under {home}, and Playcount needs "
            f"{DISK_AT_LEAST_GB} GB: free some, or set PLAYCOUNT_HOME to another disk"
        )


def check_ports(settings: Settings, processes: Iterable[Process]) -> None:
    """Raises UserMistakeError when a port is taken, or when two processes want the same."""
    wanted: dict[int, str] = {}
    for process in processes:
        for port, variable, host in _ports(settings, process):
            if port in wanted:
                raise UserMistakeError(f"{variable} and {wanted[port]} are both {port}; change one")
            wanted[port] = variable
            if not _is_free(host, port):
                raise UserMistakeError(
                    f"port {port}, wanted for {process.name}, is taken{_holder(port)}; "
                    f"stop that, or set {variable} to a free port"
                )


def check_memory(settings: Settings) -> None:
    """Raises UserMistakeError when the machine has less memory than a local cluster needs."""
    if not has_local_cluster(settings):
        return
    total_gb = psutil.virtual_memory().total / 1e9
    if total_gb < CLUSTER_MEMORY_GB:
        raise UserMistakeError(
            f"the profile cluster needs {CLUSTER_MEMORY_GB} GB of memory for Kafka, MongoDB, HDFS, "
            f"YARN and two Spark jobs, and this machine has {total_gb:.0f} GB; "
            "use PLAYCOUNT_PROFILE=local, which needs 4 GB"
        )


def _ports(settings: Settings, process: Process) -> Iterator[tuple[int, str, str]]:
    """Port, the variable that sets it, and the address it's bound to."""
    for name in process.ports:
        host = settings.api_host if name == "api_port" else "127.0.0.1"
        yield getattr(settings, name), f"PLAYCOUNT_{name.upper()}", host
    for name in process.hadoop_ports:
        yield settings.hadoop_port(name), "PLAYCOUNT_HADOOP_PORTS_FROM", "127.0.0.1"


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port that only waits out an old connection counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    """` by pid 12 (java)`, or nothing when the system doesn't tell."""
    try:
        for connection in psutil.net_connections("tcp"):
            at = connection.laddr
            if at and at.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    return ""
                return f" by pid {connection.pid} ({psutil.Process(connection.pid).name()})"
    except psutil.Error:
        return ""
    return ""
