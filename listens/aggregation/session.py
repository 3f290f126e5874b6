"""The Spark session of every job: its jars, Delta Lake, UTC."""

from __future__ import annotations

import os
import sys

from pyspark.sql import SparkSession

from listens.errors import UserMistakeError
from listens.settings import CHECKOUT, Settings

LOG_CONFIG = (CHECKOUT / "hadoop-conf" / "log4j2.properties").as_uri()

# A foreachBatch touches few rows; two partitions keep both cores busy, more only cost tasks.
SHUFFLE_PARTITIONS = 2


def spark_session(
    settings: Settings, name: str, *, shuffle_partitions: int = SHUFFLE_PARTITIONS
) -> SparkSession:
    """Start, or get, the session of this process.

    With a local master it brings the jars of `settings.jars` and stays on the loopback address;
    elsewhere spark-submit says where the jars and addresses are.
    """
    builder: SparkSession.Builder = (
        SparkSession.builder.appName(name)
        .master(settings.master)
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config(
            "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"
        )
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", shuffle_partitions)
        # Fifty tasks to read a log of a few commits is Delta's default.
        .config("spark.databricks.delta.snapshotPartitions", 2)
        .config("spark.ui.showConsoleProgress", "false")
        # Charts, of which keys are most, shuffle a third fewer bytes than by lz4.
        .config("spark.io.compression.codec", "zstd")
    )
    if settings.master.startswith("local"):
        builder = _local(builder, settings)
    return builder.getOrCreate()


def _local(builder: SparkSession.Builder, settings: Settings) -> SparkSession.Builder:
    # pyspark takes these from the environment only.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    jars = sorted((settings.jars / "spark").glob("*.jar"))
    if not jars:
        raise UserMistakeError(f"no Spark jars in {settings.jars / 'spark'}; run ./playcount env")
    return (
        builder.config("spark.jars", ",".join(str(jar) for jar in jars))
        .config("spark.driver.memory", settings.spark_driver_memory)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config(
            "spark.driver.extraJavaOptions",
            f"-Duser.timezone=UTC -Dlog4j2.configurationFile={LOG_CONFIG}",
        )
        .config("spark.executorEnv.PYTHONPATH", str(CHECKOUT))
        .config("spark.ui.enabled", "false")
        .config("spark.scheduler.mode", "FAIR")
    )
