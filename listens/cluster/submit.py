"""spark-submit to YARN in cluster mode: the line, the settings that go with it, and waiting."""

from __future__ import annotations

import getpass
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from listens.cluster import yarn
from listens.cluster.install import installed
from listens.cluster.spark_home import spark_home
from listens.cluster.yarn import Application
from listens.errors import PlaycountError, ServiceDownError
from listens.settings import CHECKOUT, HDFS_HOME, SETTINGS_FILE_VARIABLE, Settings

CONF = CHECKOUT / "hadoop-conf"
POLL_SECONDS = 1
APPEARS_SECONDS = 30
"""How long a submitted application takes at most until YARN lists it by its tag."""

YARN_AWAY_SECONDS = 120
"""How long YARN may be away, for a restart, before waiting for an application is given up."""


class ApplicationFailedError(PlaycountError):
    """An application on YARN ended, and not well."""


@dataclass(frozen=True)
class Job:
    """What is submitted.

    Attributes:
        name: of the application, as YARN shows it.
        script: entry point in the checkout, such as streaming/job.py.
        arguments: for the script.
        attempts: application masters that YARN starts, one after the other, before it gives up.
        order: what tells this submission from others of its name; empty where one runs at a time.
    """

    name: str
    script: str
    arguments: tuple[str, ...] = ()
    attempts: int = 1
    order: str = ""


def tag_of(job_name: str, settings: Settings) -> str:
    """The tag by which an application is found again: one database, one streaming application."""
    about = f"{settings.mongo_connection} {settings.database}".encode()
    return f"{job_name.replace(' ', '-')}-{blake2b(about, digest_size=4).hexdigest()}"


def running(job_name: str, settings: Settings) -> Application | None:
    """The application of this name and database that isn't over, or none."""
    found = yarn.applications(settings, tag=tag_of(job_name, settings))
    return found[0] if found else None


def submit(job: Job, settings: Settings) -> Application:
    """Submit a job and return as soon as YARN has accepted it.

    Raises:
        ServiceDownError: YARN or HDFS doesn't answer.
        UserMistakeError: nothing is installed on HDFS.
        PlaycountError: spark-submit failed; the message has its last lines.
    """
    with _settings_file(settings) as file:
        done = subprocess.run(
            command(job, settings, settings_file=file, uris=installed(settings)),
            env=os.environ | environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-15:])
        raise PlaycountError(f"spark-submit failed (exit {done.returncode}); it said:\n{last}")
    return _appeared(job, settings)


def wait(
    app: Application,
    settings: Settings,
    *,
    tell: Callable[[Application, Application], None],
    stop: threading.Event | None = None,
    poll_seconds: float = POLL_SECONDS,
) -> Application:
    """Wait until an application is over, or `stop` is set; YARN itself may restart meanwhile.

    `tell` is called with the application as it was, and as it is.

    Raises:
        ServiceDownError: YARN stayed away for YARN_AWAY_SECONDS.
    """
    stop = stop or threading.Event()
    heard = time.monotonic()
    while app.is_alive and not stop.wait(poll_seconds):
        try:
            now = yarn.application(settings, app.id)
        except ServiceDownError:
            if time.monotonic() - heard > YARN_AWAY_SECONDS:
                raise
            continue
        heard = time.monotonic()
        tell(app, now)
        app = now
    return app


def command(
    job: Job, settings: Settings, *, settings_file: Path, uris: dict[str, str]
) -> list[str]:
    """The spark-submit line; docs/cluster.md explains it."""
    options = {
        "spark.yarn.archive": uris["spark"],
        "spark.yarn.dist.archives": f"{uris['code']}#playcount,{uris['python']}#python",
        "spark.yarn.submit.waitAppCompletion": "false",
        "spark.yarn.maxAppAttempts": str(job.attempts),
        "spark.yarn.tags": ",".join(filter(None, (tag_of(job.name, settings), job.order))),
        "spark.eventLog.dir": f"{settings.hdfs}{HDFS_HOME}/history",
        "spark.pyspark.python": settings.yarn_python or _interpreter(),
        **_process_environment(settings),
    }
    if not settings.hadoop_conf_dir:
        history = settings.hadoop_port("history")
        options["spark.yarn.historyServer.address"] = f"http://127.0.0.1:{history}"
    return [
        str(spark_home() / "bin" / "spark-submit"),
        *("--master", "yarn", "--deploy-mode", "cluster"),
        *("--name", job.name),
        *("--queue", settings.yarn_queue),
        *("--driver-memory", settings.spark_driver_memory),
        *("--num-executors", str(settings.spark_executors)),
        *("--executor-cores", str(settings.spark_executor_cores)),
        *("--executor-memory", settings.spark_executor_memory),
        *("--properties-file", str(CONF / "spark-defaults.conf")),
        *("--files", f"{settings_file},{CONF / 'log4j2.properties'}"),
        *(part for name, value in options.items() for part in ("--conf", f"{name}={value}")),
        *shlex.split(settings.spark_submit_options),
        str(CHECKOUT / job.script),
        *job.arguments,
    ]


def environment(settings: Settings) -> dict[str, str]:
    """What spark-submit needs to find the cluster."""
    found = {
        "SPARK_HOME": str(spark_home()),
        "HADOOP_CONF_DIR": str(settings.hadoop_conf),
        "HADOOP_USER_NAME": settings.hdfs_user or getpass.getuser(),
    }
    return found if settings.hadoop_conf_dir else found | {"SPARK_LOCAL_IP": "127.0.0.1"}


def _process_environment(settings: Settings) -> dict[str, str]:
    """The environment of drivers and executors, as options of spark-submit."""
    values = {"PYTHONPATH": "./playcount:./python", "TZ": "UTC"}
    if not settings.hadoop_conf_dir:
        # Else a driver advertises another address than the one that it listens on.
        values["SPARK_LOCAL_IP"] = "127.0.0.1"
    driver = values | {SETTINGS_FILE_VARIABLE: "playcount.settings", "PYTHONUNBUFFERED": "1"}
    return {f"spark.yarn.appMasterEnv.{name}": value for name, value in driver.items()} | {
        f"spark.executorEnv.{name}": value for name, value in values.items()
    }


@contextmanager
def _settings_file(settings: Settings) -> Iterator[Path]:
    """All settings in a file for its owner alone: a password belongs in no command line.

    Spark keeps it on HDFS in the submitter's staging folder, which nobody else may read.
    """
    with tempfile.TemporaryDirectory(prefix="playcount-submit-") as folder:
        path = Path(folder) / "playcount.settings"
        path.touch(mode=0o600)
        there = {"profile": "cluster", "spark_master": "yarn", "home": Path()}
        variables = settings.model_copy(update=there).as_variables()
        lines = [f"{name}={_quoted(value)}\n" for name, value in variables.items()]
        path.write_text("".join(lines))
        yield path


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _appeared(job: Job, settings: Settings) -> Application:
    tag = job.order or tag_of(job.name, settings)
    deadline = time.monotonic() + APPEARS_SECONDS
    while time.monotonic() < deadline:
        if alive := yarn.applications(settings, tag=tag):
            return alive[0]
        ended = yarn.applications(settings, tag=tag, alive=False)
        if ended and ended[0].elapsed_seconds < APPEARS_SECONDS:
            return ended[0]
        time.sleep(POLL_SECONDS)
    raise ServiceDownError(f"YARN took {job.name}, but doesn't list it; see its log")


def _interpreter() -> str:
    """The interpreter behind the virtual environment: its packages come with the job."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
