"""Whether a component truly works; each probe answers with the reason why not, or nothing."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

from kafka.errors import KafkaError
from pymongo.errors import PyMongoError

from listens.brokers import admin_client, ensure_topic
from listens.cluster.hdfs import health, make_folders, why_not_writable
from listens.cluster.yarn import node_metrics
from listens.errors import ServiceDownError
from listens.settings import Settings
from listens.sinks import NAMES as SINKS
from listens.sinks import component
from stack.mongo import client, ensure_replica_set, local_client

ANSWER_SECONDS = 2
# Each writes one every 2 s; a long pause of a JVM is no failure yet.
FRESH = timedelta(seconds=15)
EPOCH = datetime.fromtimestamp(0, UTC)

Probe = Callable[[Settings, datetime], str | None]


def why_not_healthy(name: str, settings: Settings, started_at: datetime = EPOCH) -> str | None:
    """The reason why a component that started at `started_at` doesn't work; none when it does."""
    return PROBES[name](settings, started_at)


def why_not_ready(name: str, settings: Settings, started_at: datetime = EPOCH) -> str | None:
    """Like `why_not_healthy`, and makes first what a new data folder lacks."""
    reason = _port_reason(name, settings)
    if reason is None and name == "mongod":
        reason = _reason_of(ensure_replica_set, settings)
    reason = reason or why_not_healthy(name, settings, started_at)
    if reason is None and name == "kafka":
        reason = _reason_of(ensure_topic, settings)
    if reason is None and name == "namenode":
        reason = _reason_of(make_folders, settings)
    return reason


def api_url(settings: Settings) -> str:
    """Where a browser on this machine finds the API."""
    host = "127.0.0.1" if settings.api_host in ("0.0.0.0", "::", "") else settings.api_host  # noqa: S104  # compared, not bound
    return f"http://{host}:{settings.api_port}"


def accepts(host: str, port: int) -> bool:
    """Something listens there."""
    try:
        with socket.create_connection((host, port), timeout=ANSWER_SECONDS):
            return True
    except OSError:
        return False


def _kafka(settings: Settings, _started_at: datetime) -> str | None:
    host, _, port = settings.bootstrap_servers.split(",")[0].rpartition(":")
    # A client that is made before the port is open backs off for 30 s.
    if not accepts(host, int(port)):
        return f"nothing listens on {host}:{port}"
    try:
        with closing(admin_client(settings)) as admin:
            admin.list_topics()
    except KafkaError as error:
        return f"no metadata yet: {error}"
    return None


def _mongod(settings: Settings, _started_at: datetime) -> str | None:
    try:
        with local_client(settings) as mongod:
            hello = mongod.admin.command("hello")
    except PyMongoError as error:
        return _first_clause(error)
    return None if hello["isWritablePrimary"] else "no writable primary yet"


def _streaming(settings: Settings, started_at: datetime) -> str | None:
    return _heartbeat("streaming", settings, started_at)


def _scheduler(settings: Settings, started_at: datetime) -> str | None:
    return _heartbeat("scheduler", settings, started_at)


def _sink(settings: Settings, started_at: datetime, *, name: str) -> str | None:
    return _heartbeat(component(name), settings, started_at)


def _heartbeat(name: str, settings: Settings, started_at: datetime) -> str | None:
    try:
        with client(settings) as mongo:
            beat = mongo[settings.database]["heartbeats"].find_one({"_id": name})
    except PyMongoError as error:
        return f"its heartbeat can't be read: {_first_clause(error)}"
    if beat is None or beat["at"] < started_at:
        return "no heartbeat yet"
    age = datetime.now(UTC) - beat["at"]
    if age > FRESH:
        return f"the last heartbeat was {age.total_seconds():.0f} s ago"
    problem: str | None = beat.get("problem")
    return problem


def _namenode(settings: Settings, _started_at: datetime) -> str | None:
    try:
        return why_not_writable(settings)
    except ServiceDownError as error:
        return _first_clause(error)


def _datanode(settings: Settings, _started_at: datetime) -> str | None:
    try:
        return None if health(settings).live_nodes else "the NameNode knows no live DataNode"
    except ServiceDownError as error:
        return _first_clause(error)


def _resourcemanager(settings: Settings, _started_at: datetime) -> str | None:
    try:
        node_metrics(settings)
    except ServiceDownError as error:
        return _first_clause(error)
    return None


def _nodemanager(settings: Settings, _started_at: datetime) -> str | None:
    try:
        nodes = node_metrics(settings)["activeNodes"]
    except ServiceDownError as error:
        return _first_clause(error)
    return None if nodes else "the ResourceManager knows no active NodeManager"


def _history(settings: Settings, _started_at: datetime) -> str | None:
    port = settings.hadoop_port("history")
    return None if accepts("127.0.0.1", port) else f"nothing listens on port {port} yet"


def _api(settings: Settings, _started_at: datetime) -> str | None:
    url = f"{api_url(settings)}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        return f"GET {url} answers {error.code}"
    except OSError as error:
        return f"GET {url}: {error}"


PROBES: dict[str, Probe] = {
    "kafka": _kafka,
    "mongod": _mongod,
    "namenode": _namenode,
    "datanode": _datanode,
    "resourcemanager": _resourcemanager,
    "nodemanager": _nodemanager,
    "history": _history,
    "streaming": _streaming,
    **{component(name): partial(_sink, name=name) for name in SINKS},
    "scheduler": _scheduler,
    "api": _api,
}


def _port_reason(name: str, settings: Settings) -> str | None:
    """Before the port is open, asking further would only wait."""
    ports = {"mongod": settings.mongo_port, "kafka": settings.kafka_port}
    port = ports.get(name)
    if port is None or accepts("127.0.0.1", port):
        return None
    return f"nothing listens on port {port} yet"


def _reason_of(prepare: Callable[[Settings], None], settings: Settings) -> str | None:
    try:
        prepare(settings)
    except (ServiceDownError, PyMongoError) as error:
        return _first_clause(error)
    return None


def _first_clause(error: Exception) -> str:
    """Messages of pymongo go on with the whole topology; the first part says what is wrong."""
    return str(error).split(",")[0]
