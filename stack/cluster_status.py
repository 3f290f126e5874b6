"""HDFS and YARN as the status shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.markup import escape

from listens.cluster import hdfs, yarn
from listens.errors import ServiceDownError
from listens.settings import Settings

APPLICATIONS_SHOWN = 5


@dataclass(frozen=True)
class ClusterStatus:
    """What the NameNode and the ResourceManager say, as far as they answer."""

    hdfs: hdfs.Health | None = None
    nodes: dict[str, Any] = field(default_factory=dict)
    applications: list[yarn.Application] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_cluster(settings: Settings) -> ClusterStatus:
    """Ask both; one that is away is a problem of the answer, not an error."""
    file_system, nodes, applications = None, {}, []
    problems = []
    try:
        file_system = hdfs.health(settings)
    except ServiceDownError as error:
        problems.append(str(error))
    try:
        nodes = yarn.node_metrics(settings)
        applications = yarn.applications(settings, alive=False)[:APPLICATIONS_SHOWN]
    except ServiceDownError as error:
        problems.append(str(error))
    return ClusterStatus(file_system, nodes, applications, problems)


def cluster_json(cluster: ClusterStatus) -> dict[str, Any]:
    """As plain values."""
    wanted = ("activeNodes", "totalMB", "availableMB", "appsRunning", "appsPending")
    return {
        "hdfs": asdict(cluster.hdfs) if cluster.hdfs else None,
        "yarn": {name: cluster.nodes[name] for name in wanted if name in cluster.nodes},
        "applications": [asdict(app) for app in cluster.applications],
    }


def cluster_lines(cluster: ClusterStatus) -> Iterator[str]:
    """A line for HDFS, one for YARN, and one an application."""
    if found := cluster.hdfs:
        used, capacity = found.used / 1e9, found.capacity / 1e9
        yield (
            f"HDFS: {found.state.lower()}, {used:,.1f} of {capacity:,.0f} GB used, "
            f"{found.live_nodes} live nodes, {found.files:,} files, {found.blocks:,} blocks, "
            f"{found.under_replicated:,} under-replicated"
        )
    if nodes := cluster.nodes:
        yield (
            f"YARN: {nodes['activeNodes']} active nodes, {nodes['availableMB'] / 1024:,.1f} of "
            f"{nodes['totalMB'] / 1024:,.1f} GB free"
        )
    for app in cluster.applications:
        state = app.state if app.is_alive else app.final_status
        yield (
            f"  {app.id} {escape(app.name)}: {state}, attempt {app.attempt}, "
            f"{escape(app.tracking_url)}"
        )
