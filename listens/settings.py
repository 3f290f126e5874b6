"""Every setting, read once: one environment variable `PLAYCOUNT_…` each.

This is the only module that reads the environment; the README's table lists these fields.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from listens import sinks
from listens.errors import UserMistakeError
from listens.views import BY_DEFAULT, OPTIONAL

CHECKOUT = Path(__file__).resolve().parents[1]
CRON_FIELDS = 5

SETTINGS_FILE_VARIABLE = "PLAYCOUNT_SETTINGS_FILE"
"""Names a file of `PLAYCOUNT_…=value` lines, for what shouldn't be in an environment."""

HDFS_HOME = "/playcount"
"""The folder on HDFS that all of Playcount's are in."""

SPEED_QUERY, ARCHIVE_QUERY = "speed", "archive"
"""The streaming queries; the checkpoint of each is in a folder of its name."""

HADOOP_PORTS = {
    "namenode": 8020,
    "namenode_http": 9870,
    "datanode": 9866,
    "datanode_http": 9864,
    "datanode_ipc": 9867,
    "resourcemanager": 8032,
    "resourcemanager_scheduler": 8030,
    "resourcemanager_tracker": 8031,
    "resourcemanager_admin": 8033,
    "resourcemanager_http": 8088,
    "nodemanager": 8041,
    "nodemanager_localizer": 8040,
    "nodemanager_http": 8042,
    "history": 18080,
}
"""The ports of HDFS, YARN and Spark's history server, as their makers chose them."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is no IANA time zone, such as Europe/Berlin") from error
    return name


def _cron_expression(expression: str) -> str:
    # A sixth field, of seconds, would lose cron's rules for days of 23 and 25 hours.
    if expression and len(expression.split()) != CRON_FIELDS:
        raise ValueError("is no cron expression of five fields, such as 0 2 * * *")
    try:
        if expression:
            next(CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        raise ValueError(f"is no cron expression that ever comes: {error}") from error
    return expression


def _known_sinks(names: str) -> str:
    for name in names_in(names):
        if name not in sinks.NAMES:
            raise ValueError(f"no sink {name!r}; there are {', '.join(sinks.NAMES)}")
    return names


def _optional_views(names: str) -> str:
    for name in names_in(names):
        if name not in OPTIONAL:
            raise ValueError(f"no optional view {name!r}; there are {', '.join(OPTIONAL)}")
    return names


def _host_names(names: str) -> str:
    for name in names_in(names):
        if not _is_host(name):
            raise ValueError(
                f"{name!r} is no host; give names or addresses without scheme and port, such as "
                "music.lan"
            )
    return names


def _is_host(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return re.fullmatch(r"[A-Za-z0-9._-]+", name) is not None
    return True


def names_in(text: str) -> tuple[str, ...]:
    """What is listed with commas in between."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


Port = Annotated[int, Field(ge=1, le=65535)]
ZoneName = Annotated[str, AfterValidator(_known_zone)]
CronExpression = Annotated[str, AfterValidator(_cron_expression)]
HostNames = Annotated[str, AfterValidator(_host_names)]
SinkNames = Annotated[str, AfterValidator(_known_sinks)]
OptionalViewNames = Annotated[str, AfterValidator(_optional_views)]


class Settings(BaseSettings):
    """Settings of one installation; the local stack, the layers and the API share them."""

    model_config = SettingsConfigDict(env_prefix="PLAYCOUNT_", frozen=True, extra="ignore")

    profile: Literal["local", "cluster"] = Field(
        "local", description="local: Spark in a process, files; cluster: HDFS and YARN"
    )
    home: Path = Field(CHECKOUT / ".playcount", description="Data, logs and run files")
    jars: Path = Field(
        CHECKOUT / ".playcount" / "jars",
        description="Jar folders, one a product, as Maven laid them",
    )
    time_zone: ZoneName = Field("UTC", description="Reporting time zone (IANA name)")
    optional_views: OptionalViewNames = Field(
        ",".join(BY_DEFAULT),
        description="Views that are counted besides those that always are, separated by commas: "
        f"{', '.join(OPTIONAL)}",
    )

    kafka_port: Port = Field(9092, description="Port of the local Kafka broker")
    kafka_controller_port: Port = Field(9093, description="Port of the local Kafka controller")
    kafka_servers: str = Field("", description="Bootstrap servers; empty: the local broker")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="Security protocol of the brokers"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism, with a SASL protocol"
    )
    kafka_username: str = Field("", description="SASL user")
    kafka_password: str = Field("", repr=False, description="SASL password")
    kafka_ca_file: str = Field(
        "", description="CA certificates (PEM) of the brokers; empty: those of the system"
    )
    topic: str = Field("spotify_streams", description="Kafka topic of all listens")
    topic_partitions: int = Field(3, ge=1, description="Partitions of a topic that is made new")
    topic_retention_hours: int = Field(
        168, ge=-1, description="How long Kafka keeps an event; -1: for ever"
    )

    mongo_port: Port = Field(27017, description="Port of the local mongod")
    mongo_uri: str = Field(
        "", repr=False, description="MongoDB connection string; empty: the local mongod"
    )
    mongo_cache_gb: float = Field(0.25, ge=0.25, description="WiredTiger cache of the local mongod")
    database: str = Field("playcount", description="MongoDB database")

    spark_master: str = Field(
        "", description="Spark master; empty: local[2], or yarn in the profile cluster"
    )
    spark_driver_memory: str = Field("1g", description="Heap of a Spark driver")
    archive_uri: str = Field(
        "", description="Raw events, a Delta table; empty: below the home, or /playcount on HDFS"
    )
    staging_uri: str = Field(
        "",
        description="Rows of a bulk import on their way; empty: below the home, or on HDFS",
    )
    checkpoint_uri: str = Field(
        "", description="Streaming checkpoints; empty: below the home, or /playcount on HDFS"
    )
    speed_trigger_seconds: float = Field(2, ge=0, description="Pause between speed micro-batches")
    archive_trigger_seconds: float = Field(30, ge=0, description="Pause between archive commits")
    max_offsets_per_trigger: int = Field(
        40_000, ge=100, description="Events in one speed micro-batch at most"
    )
    archive_max_offsets_per_trigger: int = Field(
        500_000, ge=100, description="Events in one archive commit at most"
    )
    archive_retention_hours: float = Field(
        24, ge=0, description="How long upkeep leaves files that are out of the archive"
    )
    checkpoint_retention_hours: float = Field(
        168, ge=0, description="How long upkeep leaves a streaming checkpoint that nobody goes on"
    )
    batch_wait_seconds: float = Field(
        300, ge=0, description="How long a batch waits until the archive covers its cut"
    )

    batch_events_at_once: int = Field(
        10_000_000,
        ge=1,
        description="Of a longer history a batch writes some months at a time, of so many events",
    )

    batch_schedule: CronExpression = Field(
        "0 2 * * *",
        description="When a batch runs by itself: cron expression, reporting zone; empty: never",
    )
    archive_schedule: CronExpression = Field(
        "30 4 * * *",
        description="When `archive optimize` runs by itself, like the batch; empty: never",
    )
    batch_jitter_seconds: float = Field(
        0, ge=0, description="By how much a scheduled batch is delayed at most, per machine and day"
    )
    batch_after_events: int = Field(
        1_000_000,
        ge=0,
        description="A batch also runs once imports brought so many new events; 0: never",
    )

    hadoop_ports_from: int = Field(
        0, ge=0, le=65000, description="First port of the local HDFS and YARN; 0: Hadoop's own"
    )
    hadoop_conf_dir: str = Field(
        "", description="Configuration of a cluster that runs elsewhere; empty: the local cluster"
    )
    hdfs_uri: str = Field("", description="hdfs://host:port; empty: the local NameNode")
    webhdfs_url: str = Field("", description="WebHDFS, http://host:port; empty: the local NameNode")
    yarn_url: str = Field(
        "", description="Web address of YARN, http://host:port; empty: the local ResourceManager"
    )
    hdfs_user: str = Field("", description="Who writes to HDFS over WebHDFS; empty: who runs this")
    yarn_queue: str = Field("default", description="YARN queue of all jobs")
    yarn_python: str = Field(
        "", description="Python interpreter on YARN's nodes; empty: the one that runs here"
    )
    spark_executors: int = Field(1, ge=1, description="Executors of a job on YARN")
    spark_executor_cores: int = Field(1, ge=1, description="Cores of an executor on YARN")
    spark_executor_memory: str = Field("1g", description="Heap of an executor on YARN")
    spark_submit_options: str = Field(
        "", description="More options of spark-submit, such as --principal and --keytab"
    )

    api_host: str = Field("127.0.0.1", description="Address that the API binds to")
    api_port: Port = Field(5000, description="Port of the API and the dashboard")
    api_threads: int = Field(8, ge=1, le=256, description="Threads of the API server")
    api_streams: int = Field(
        100, ge=0, le=1000, description="Streams of listens that may be open at a time"
    )
    api_body_mb: int = Field(
        4, ge=1, le=64, description="Largest body of a request that sends listens, in MiB"
    )
    upload_max_mb: int = Field(
        1024, ge=1, le=1_048_576, description="Files that one upload may bring together, in MiB"
    )
    api_cache_mb: int = Field(256, ge=16, description="Memory for folded charts in the API")
    api_listener_pairs: int = Field(
        1_000_000,
        ge=1,
        description="Pairs of listener and song up to which `by=listeners` is no estimate",
    )
    ready_batch_hours: float = Field(
        0, ge=0, description="Older than this, a batch version makes `/readyz` say no; 0: never"
    )
    access: Literal["off", "on", "container"] = Field(
        "off",
        description="Who may do what: off: everyone on this machine everything; on: by users and "
        "tokens; container: as off, inside a container whose port only its host publishes",
    )
    api_hosts: HostNames = Field(
        "",
        description="Names besides 127.0.0.1 and localhost by which the API may be asked while "
        "access is off, separated by commas",
    )
    api_proxies: int = Field(
        0, ge=0, le=10, description="Proxies in front whose X-Forwarded-* headers are believed"
    )
    api_requests_per_minute: int = Field(
        1200, ge=1, description="Requests a minute by one user, token or address, with access on"
    )
    api_session_hours: float = Field(
        168, gt=0, le=8760, description="How long a sign-in on the dashboard lasts"
    )
    cors_origins: str = Field("", description="Origins that may read the API, separated by commas")
    dashboard_poll_seconds: float = Field(3600, ge=1, description="How often the dashboard polls")

    sinks: SinkNames = Field(
        "", description="Sinks that `up` runs, separated by commas: postgres, azure, cassandra"
    )
    postgres_uri: str = Field(
        "", repr=False, description="PostgreSQL of the sink postgres, postgresql://user@host/name"
    )
    azure_storage_connection: str = Field(
        "", repr=False, description="Connection string of the storage account of the sink azure"
    )
    cassandra_hosts: str = Field(
        "", description="Contact points of the sink cassandra, separated by commas"
    )
    cassandra_port: Port = Field(9042, description="Port of Cassandra's native protocol")
    cassandra_datacenter: str = Field("datacenter1", description="Cassandra's data centre near by")
    cassandra_keyspace: str = Field(
        "playcount", pattern=r"^[a-z][a-z0-9_]{0,47}$", description="Keyspace of the sink cassandra"
    )
    cassandra_username: str = Field("", description="Cassandra's user; empty: none is asked for")
    cassandra_password: str = Field("", repr=False, description="Cassandra's password")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Log level")

    @property
    def bootstrap_servers(self) -> str:
        """`host:port`, comma separated."""
        return self.kafka_servers or f"127.0.0.1:{self.kafka_port}"

    @property
    def mongo_connection(self) -> str:
        """Connection string of a replica set."""
        return self.mongo_uri or f"mongodb://127.0.0.1:{self.mongo_port}/?replicaSet=rs0"

    @property
    def is_cluster(self) -> bool:
        """Whether jobs run on YARN and files are on HDFS."""
        return self.profile == "cluster"

    @property
    def master(self) -> str:
        """Spark's master."""
        return self.spark_master or ("yarn" if self.is_cluster else "local[2]")

    @property
    def hdfs(self) -> str:
        """URI of the file system, `hdfs://host:port`."""
        return self.hdfs_uri or f"hdfs://127.0.0.1:{self.hadoop_port('namenode')}"

    @property
    def webhdfs(self) -> str:
        """Address of WebHDFS, `http://host:port`."""
        return self.webhdfs_url or f"http://127.0.0.1:{self.hadoop_port('namenode_http')}"

    @property
    def yarn(self) -> str:
        """Web address of the ResourceManager, `http://host:port`."""
        return self.yarn_url or f"http://127.0.0.1:{self.hadoop_port('resourcemanager_http')}"

    @property
    def archive_table(self) -> str:
        """URI of the archive's Delta table."""
        return self.archive_uri or self._data("archive")

    @property
    def rejected_rows(self) -> Path:
        """Folder with the rejected rows of each import, `<import id>.jsonl`."""
        return self.home / "rejected"

    @property
    def uploads(self) -> Path:
        """Folder with the files that came over HTTP and aren't imported yet, one folder an upload.

        Absolute, since it's named to another process.
        """
        return self.home.resolve() / "uploads"

    @property
    def staging(self) -> str:
        """URI of the folder with one folder a bulk load."""
        return self.staging_uri or self._data("staging")

    @property
    def checkpoints(self) -> str:
        """URI of the folder with one checkpoint a query."""
        return self.checkpoint_uri or self._data("checkpoints")

    @property
    def hadoop_conf(self) -> Path:
        """Configuration of the cluster; of the local one, `hadoop-conf/` filled in by `up`."""
        if self.hadoop_conf_dir:
            return Path(self.hadoop_conf_dir)
        return self.home.resolve() / "conf" / "hadoop"

    @property
    def counted_views(self) -> tuple[str, ...]:
        """The optional views that are counted, each once, in the catalogue's order."""
        return tuple(name for name in OPTIONAL if name in names_in(self.optional_views))

    @property
    def sink_names(self) -> tuple[str, ...]:
        """The sinks that run under the supervisor, each once."""
        return tuple(dict.fromkeys(names_in(self.sinks)))

    def as_variables(self) -> dict[str, str]:
        """Every setting as the variable, or line of a settings file, that sets it."""
        return {
            f"PLAYCOUNT_{name.upper()}": str(getattr(self, name))
            for name in type(self).model_fields
        }

    def hadoop_port(self, name: str) -> int:
        """A port of the local cluster, by its name in HADOOP_PORTS."""
        if not self.hadoop_ports_from:
            return HADOOP_PORTS[name]
        return self.hadoop_ports_from + list(HADOOP_PORTS).index(name)

    def _data(self, name: str) -> str:
        # With the address: Spark can't keep a checkpoint at an `hdfs:///` without it.
        if self.is_cluster:
            return f"{self.hdfs}{HDFS_HOME}/{name}"
        return (self.home / "data" / name).as_uri()


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        UserMistakeError: a variable's value can't be used; the message names the variable.
    """
    try:
        return Settings(_env_file=os.environ.get(SETTINGS_FILE_VARIABLE))  # type: ignore[call-arg]  # the plugin-free checker sees no defaults
    except ValidationError as error:
        first = error.errors()[0]
        variable = "PLAYCOUNT_" + "_".join(str(part) for part in first["loc"]).upper()
        raise UserMistakeError(
            f"{variable}={first['input']!r}: {first['msg']}; see the settings table in README.md"
        ) from error
