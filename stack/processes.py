"""The table of what the supervisor runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from listens.errors import UserMistakeError
from listens.settings import Settings
from listens.sinks import NAMES as SINKS
from listens.sinks import component
from stack.environment import this_environment
from stack.hadoop import MAINS as HADOOP_DAEMONS
from stack.hadoop import daemon_command, daemon_ports, history_command
from stack.java import java_home
from stack.kafka import broker_command
from stack.layout import layout
from stack.mongo import mongod_command

SERVICES = ("kafka", "mongod")
"""What the others need."""

CLUSTER_SERVICES = (*SERVICES, *HADOOP_DAEMONS)
"""What they need in the profile cluster, if it's the local one."""

SINK_COMPONENTS = tuple(component(name) for name in SINKS)

NAMES = (*CLUSTER_SERVICES, "history", "streaming", *SINK_COMPONENTS, "scheduler", "api")

# The mark by which `down` finds what a killed supervisor left behind.
COMPONENT_VARIABLE = "PLAYCOUNT_COMPONENT"
HOME_VARIABLE = "PLAYCOUNT_HOME"


@dataclass(frozen=True)
class Process:
    """One program of the supervisor."""

    name: str
    command: list[str]
    ports: tuple[str, ...] = ()  # the settings that name its ports
    hadoop_ports: tuple[str, ...] = ()  # of HADOOP_PORTS
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: int = 30  # from SIGTERM to SIGKILL


def process_table(settings: Settings) -> list[Process]:
    """The processes of this stack; a service that runs elsewhere isn't among them."""
    makers: dict[str, Callable[[Settings], Process]] = {"kafka": _kafka, "mongod": _mongod}
    if has_local_cluster(settings):
        makers |= {name: partial(_daemon, name=name) for name in HADOOP_DAEMONS}
        makers["history"] = _history
    makers["streaming"] = _streaming
    makers |= {component(name): partial(_sink, name=name) for name in settings.sink_names}
    makers |= {"scheduler": _scheduler, "api": _api}
    elsewhere = {"kafka": settings.kafka_servers, "mongod": settings.mongo_uri}
    return [make(settings) for name, make in makers.items() if not elsewhere.get(name)]


def has_local_cluster(settings: Settings) -> bool:
    """Whether HDFS and YARN run here, under our supervisor."""
    return settings.is_cluster and not settings.hadoop_conf_dir


def choose(settings: Settings, only: str) -> tuple[str, ...]:
    """The names in the comma-separated list `only`, or all when it's empty.

    Raises:
        UserMistakeError: a name isn't in the table.
    """
    known = tuple(process.name for process in process_table(settings))
    chosen = tuple(name.strip() for name in only.split(",") if name.strip()) or known
    for name in chosen:
        if name not in known:
            raise UserMistakeError(f"no component {name!r}; this stack has {', '.join(known)}")
    return chosen


def settings_environment(settings: Settings) -> dict[str, str]:
    """Every setting as its variable, so that a component gets what `up` was given."""
    absolute = {"home": layout(settings).home, "jars": settings.jars.resolve()}
    return settings.model_copy(update=absolute).as_variables()


def _kafka(settings: Settings) -> Process:
    return Process("kafka", broker_command(settings), ("kafka_port", "kafka_controller_port"))


def _mongod(settings: Settings) -> Process:
    return Process("mongod", mongod_command(settings), ("mongo_port",))


def _daemon(settings: Settings, name: str) -> Process:
    # The NodeManager starts containers by it; the others need none.
    environment = {"JAVA_HOME": str(java_home())}
    return Process(
        name,
        daemon_command(settings, name),
        hadoop_ports=daemon_ports(name),
        environment=environment,
    )


def _history(settings: Settings) -> Process:
    command, environment = history_command(settings)
    environment["JAVA_HOME"] = str(java_home())
    return Process("history", command, hadoop_ports=("history",), environment=environment)


def _streaming(settings: Settings) -> Process:
    command = _playcount("stream", *(["--submit"] if settings.is_cluster else []))
    return Process("streaming", command, environment=_python_environment(settings), stop_seconds=60)


def _sink(settings: Settings, name: str) -> Process:
    command = _playcount("sink", "run", name)
    return Process(component(name), command, environment=_python_environment(settings))


def _scheduler(settings: Settings) -> Process:
    command = _playcount("batch", "schedule")
    return Process("scheduler", command, environment=_python_environment(settings))


def _api(settings: Settings) -> Process:
    return Process(
        "api", _playcount("serve"), ("api_port",), environment=_python_environment(settings)
    )


def _playcount(*arguments: str) -> list[str]:
    environment = this_environment()
    return [str(environment.python), str(environment.checkout / "playcount"), *arguments]


def _python_environment(settings: Settings) -> dict[str, str]:
    return {
        **settings_environment(settings),
        "JAVA_HOME": str(java_home()),
        # A log line is in the file when it's written, also when the process is killed then.
        "PYTHONUNBUFFERED": "1",
        # With another zone, Spark gives back 10:00 UTC as that zone's 10:00.
        "TZ": "UTC",
    }
