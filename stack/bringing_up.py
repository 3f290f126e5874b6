"""From nothing to components that work, in the order in which they need each other."""

from __future__ import annotations

from listens.settings import Settings
from stack.installing import install_with_progress
from stack.lifecycle import start
from stack.processes import CLUSTER_SERVICES
from stack.progress import wait_with_progress


def bring_up(
    settings: Settings, names: tuple[str, ...], *, wait_for_streaming: bool = True
) -> None:
    """Start those of `names` that aren't up, and wait until they work."""
    if settings.is_cluster and "streaming" in names:
        # What runs on YARN is installed on HDFS first.
        services = tuple(name for name in names if name in CLUSTER_SERVICES)
        start(settings, services)
        wait_with_progress(settings, services)
        install_with_progress(settings)
        names = tuple(name for name in names if name not in services)
    start(settings, names)
    waited = tuple(name for name in names if wait_for_streaming or name != "streaming")
    wait_with_progress(settings, waited)
