"""Every setting, read once: one environment variable `PLAYCOUNT_…` each.

This is the only module that reads the environment; the README's table lists these fields.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from listens.errors import UserMistakeError

CHECKOUT = Path(__file__).resolve().parents[1]
CRON_FIELDS = 5


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


Port = Annotated[int, Field(ge=1, le=65535)]
ZoneName = Annotated[str, AfterValidator(_known_zone)]
CronExpression = Annotated[str, AfterValidator(_cron_expression)]


class Settings(BaseSettings):
    """Settings of one installation; the local stack, the layers and the API share them."""

    model_config = SettingsConfigDict(env_prefix="PLAYCOUNT_", frozen=True, extra="ignore")

    home: Path = Field(CHECKOUT / ".playcount", description="Data, logs and run files")
    jars: Path = Field(
        CHECKOUT / ".playcount" / "jars",
        description="Jar folders, one a product, as Maven laid them",
    )
    time_zone: ZoneName = Field("UTC", description="Reporting time zone (IANA name)")

    kafka_port: Port = Field(9092, description="Port of the local Kafka broker")
    kafka_controller_port: Port = Field(9093, description="Port of the local Kafka controller")
    kafka_servers: str = Field("", description="Bootstrap servers; empty: the local broker")
    topic: str = Field("spotify_streams", description="Kafka topic of all listens")
    topic_partitions: int = Field(3, ge=1, description="Partitions of a topic that is made new")
    topic_retention_hours: int = Field(
        168, ge=-1, description="How long Kafka keeps an event; -1: for ever"
    )

    mongo_port: Port = Field(27017, description="Port of the local mongod")
    mongo_uri: str = Field("", description="MongoDB connection string; empty: the local mongod")
    mongo_cache_gb: float = Field(0.25, ge=0.25, description="WiredTiger cache of the local mongod")
    database: str = Field("playcount", description="MongoDB database")

    spark_master: str = Field("local[2]", description="Spark master: local[N] or yarn")
    spark_driver_memory: str = Field("1g", description="Heap of a Spark driver")
    archive_uri: str = Field("", description="Raw events, a Delta table; empty: below the home")
    checkpoint_uri: str = Field("", description="Streaming checkpoints; empty: below the home")
    speed_trigger_seconds: float = Field(2, ge=0, description="Pause between speed micro-batches")
    archive_trigger_seconds: float = Field(30, ge=0, description="Pause between archive commits")
    max_offsets_per_trigger: int = Field(
        10_000, ge=100, description="Events in one speed micro-batch at most"
    )
    archive_max_offsets_per_trigger: int = Field(
        500_000, ge=100, description="Events in one archive commit at most"
    )
    batch_wait_seconds: float = Field(
        300, ge=0, description="How long a batch waits until the archive covers its cut"
    )

    batch_schedule: CronExpression = Field(
        "0 2 * * *",
        description="When a batch runs by itself: cron expression, reporting zone; empty: never",
    )
    batch_jitter_seconds: float = Field(
        0, ge=0, description="By how much a scheduled batch is delayed at most, per machine and day"
    )
    batch_after_events: int = Field(
        1_000_000,
        ge=0,
        description="A batch also runs once imports brought so many new events; 0: never",
    )

    api_host: str = Field("127.0.0.1", description="Address that the API binds to")
    api_port: Port = Field(5000, description="Port of the API and the dashboard")
    api_threads: int = Field(8, ge=1, le=256, description="Threads of the API server")
    api_cache_mb: int = Field(256, ge=16, description="Memory for folded charts in the API")
    cors_origins: str = Field("", description="Origins that may read the API, separated by commas")
    dashboard_poll_seconds: float = Field(3600, ge=1, description="How often the dashboard polls")

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
    def archive_table(self) -> str:
        """URI of the archive's Delta table."""
        return self.archive_uri or (self.home / "data" / "archive").as_uri()

    @property
    def checkpoints(self) -> str:
        """URI of the folder with one checkpoint a query."""
        return self.checkpoint_uri or (self.home / "data" / "checkpoints").as_uri()


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        UserMistakeError: a variable's value can't be used; the message names the variable.
    """
    try:
        return Settings()  # type: ignore[call-arg]  # the plugin-free checker sees no defaults
    except ValidationError as error:
        first = error.errors()[0]
        variable = "PLAYCOUNT_" + "_".join(str(part) for part in first["loc"]).upper()
        raise UserMistakeError(
            f"{variable}={first['input']!r}: {first['msg']}; see the settings table in README.md"
        ) from error
