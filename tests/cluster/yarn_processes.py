"""The processes of YARN's containers on this machine."""

from __future__ import annotations

from contextlib import suppress

import psutil

from listens.settings import Settings

MASTER = "org.apache.spark.deploy.yarn.ApplicationMaster"
EXECUTOR = "org.apache.spark.executor.YarnCoarseGrainedExecutorBackend"


def containers(settings: Settings, main: str, *, app_id: str = "") -> list[psutil.Process]:
    """JVMs with a main class whose container is of this home, and of an application."""
    home = str(settings.home.resolve())
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline()
            mine = home in process.cwd() and app_id in process.cwd()
            if words and words[0].endswith("java") and main in words and mine:
                found.append(process)
    return found


def all_containers(settings: Settings) -> list[psutil.Process]:
    """Every process that runs in a container of this home."""
    place = str(settings.home.resolve() / "data" / "hadoop" / "yarn")
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd().startswith(place):
                found.append(process)
    return found
