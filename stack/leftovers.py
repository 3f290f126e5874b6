"""Processes of this stack that no supervisor looks after any more."""

from __future__ import annotations

import os

import psutil

from listens.settings import Settings
from stack.layout import layout
from stack.processes import COMPONENT_VARIABLE, HOME_VARIABLE

STOP_SECONDS = 20


def stack_processes(settings: Settings) -> list[psutil.Process]:
    """All processes that bear this home's mark in their environment, children included.

    And those in containers of the local YARN, which hands no mark on: they work in its folder.
    """
    home = str(layout(settings).home)
    containers = f"{layout(settings).hadoop_data / 'yarn'}/"
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            is_contained = process.cwd().startswith(containers)
        except psutil.Error:  # another user's, or just gone
            continue
        is_marked = COMPONENT_VARIABLE in environment and environment.get(HOME_VARIABLE) == home
        if (is_marked or is_contained) and process.pid != os.getpid():
            found.append(process)
    return found


def stop_leftovers(settings: Settings) -> None:
    """End them: first by SIGTERM, those that don't follow by SIGKILL."""
    leftovers = stack_processes(settings)
    for process in leftovers:
        _signal(process, kill=False)
    _, alive = psutil.wait_procs(leftovers, timeout=STOP_SECONDS)
    for process in alive:
        _signal(process, kill=True)
    psutil.wait_procs(alive, timeout=STOP_SECONDS)


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return
