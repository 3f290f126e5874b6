"""The local HDFS and YARN: their configuration, their daemons, and the first format."""

from __future__ import annotations

import getpass
import re
from collections.abc import Mapping

from listens.cluster.spark_home import spark_home
from listens.settings import CHECKOUT, HADOOP_PORTS, HDFS_HOME, Settings
from stack.java import java_home
from stack.layout import layout
from stack.steps import run

CONF = CHECKOUT / "hadoop-conf"

MAINS = {
    "namenode": "org.apache.hadoop.hdfs.server.namenode.NameNode",
    "datanode": "org.apache.hadoop.hdfs.server.datanode.DataNode",
    "resourcemanager": "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager",
    "nodemanager": "org.apache.hadoop.yarn.server.nodemanager.NodeManager",
}
"""Daemon → its main class, in the order in which they need each other."""

HEAP_MB = {"namenode": 256, "datanode": 256, "resourcemanager": 384, "nodemanager": 256}
# Small daemons that start often: without the optimising compiler they're up a third sooner.
OPTIONS = ("-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
# What Hadoop's own start scripts open for Java 17.
OPENED = (
    "java.io", "java.lang", "java.lang.reflect", "java.math", "java.net", "java.text",
    "java.util", "java.util.concurrent", "java.util.zip", "sun.security.util",
    "sun.security.x509",
)  # fmt: skip

_PLACEHOLDER = re.compile(r"\$\{env\.(\w+):-([^}]*)\}")


def daemon_command(settings: Settings, name: str) -> list[str]:
    """A daemon in the foreground."""
    return [*_java(settings, heap_mb=HEAP_MB[name]), MAINS[name]]


def admin_command(settings: Settings, *arguments: str) -> list[str]:
    """`hdfs dfsadmin` with some arguments, as HDFS's superuser, who started the NameNode."""
    main = "org.apache.hadoop.hdfs.tools.DFSAdmin"
    return [*_java(settings, heap_mb=128), main, *arguments]


def daemon_ports(name: str) -> tuple[str, ...]:
    """The names of its ports in HADOOP_PORTS."""
    return tuple(port for port in HADOOP_PORTS if port == name or port.startswith(f"{name}_"))


def write_configuration(settings: Settings) -> None:
    """Fill hadoop-conf/ in for this home; who runs a job on the local cluster reads it there."""
    folder = settings.hadoop_conf
    folder.mkdir(parents=True, exist_ok=True)
    for path in CONF.glob("*"):
        if path.suffix in (".xml", ".properties", ".conf"):
            (folder / path.name).write_text(filled_in(path.read_text(), _values(settings)))


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """A configuration with each `${env.NAME:-default}` replaced, as Hadoop does itself."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[2]), text)


def format_namenode(settings: Settings) -> None:
    """Make an empty file system, once; later calls return at once.

    Raises:
        PlaycountError: the format failed.
    """
    places = layout(settings)
    if (places.hadoop_data / "name" / "current" / "VERSION").exists():
        return
    tool = [*_java(settings, heap_mb=128), MAINS["namenode"], "-format", "-nonInteractive"]
    run(tool, log=places.log("namenode-format"))


def _java(settings: Settings, *, heap_mb: int) -> list[str]:
    places = layout(settings)
    jars = settings.jars.resolve() / "hadoop"
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
    properties = [
        "-Djava.net.preferIPv4Stack=true",
        f"-Dhadoop.log.dir={places.home / 'logs'}",
        f"-Dhadoop.home.dir={jars}",
    ]
    java = [str(java_home() / "bin" / "java"), f"-Xmx{heap_mb}m", *OPTIONS, *opened, *properties]
    return [*java, "-cp", f"{settings.hadoop_conf}:{jars}/*"]


def _values(settings: Settings) -> dict[str, str]:
    places = layout(settings)
    ports = {f"{name.upper()}_PORT": str(settings.hadoop_port(name)) for name in HADOOP_PORTS}
    return {
        **ports,
        "HADOOP_DATA": str(places.hadoop_data),
        "HADOOP_WEB_USER": getpass.getuser(),
        "YARN_STATE_URI": (places.hadoop_data / "yarn" / "state").as_uri(),
    }


def history_command(settings: Settings) -> tuple[list[str], dict[str, str]]:
    """Spark's history server in the foreground, and the environment that it needs."""
    options = [
        f"-Dspark.history.fs.logDirectory={settings.hdfs}{HDFS_HOME}/history",
        f"-Dspark.history.ui.port={settings.hadoop_port('history')}",
        *OPTIONS[1:],
    ]
    environment = {
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONF_DIR": str(settings.hadoop_conf),
        "HADOOP_CONF_DIR": str(settings.hadoop_conf),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_HISTORY_OPTS": " ".join(options),
        "SPARK_NO_DAEMONIZE": "1",
    }
    main = "org.apache.spark.deploy.history.HistoryServer"
    return [str(spark_home() / "bin" / "spark-class"), main], environment
