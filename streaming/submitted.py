"""The streaming application on YARN, watched from here: what the supervisor keeps up."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import UTC, datetime

import pymongo
from pymongo.errors import PyMongoError

from listens import store as collections
from listens.cluster import yarn
from listens.cluster.submit import ApplicationFailedError, Job, running, submit, wait
from listens.cluster.yarn import Application
from listens.errors import ServiceDownError
from listens.settings import Settings
from listens.stopping import stop_on_signals
from listens.store import open_store
from streaming.application import STOP_WITHIN_SECONDS

log = logging.getLogger(__name__)

NAME = "playcount streaming"

# Attempts within an hour (hadoop-conf/spark-defaults.conf): it's meant to run for years.
JOB = Job(NAME, "streaming/job.py", attempts=20)

POLL_SECONDS = 2
STOP_SECONDS = STOP_WITHIN_SECONDS + 15
"""A driver looks for the request every two seconds, ends its micro-batch, and stops Spark."""


def run(settings: Settings) -> None:
    """Submit the application, or find the one that runs, and stay until it ends or SIGTERM comes.

    Raises:
        ApplicationFailedError: it ended by itself.
        ServiceDownError: YARN stayed away.
    """
    stop = stop_on_signals()
    app = running(NAME, settings)
    if app:
        log.info("%s runs already, %s", app.id, app.state)
    else:
        app = submit(JOB, settings)
        log.info("%s submitted: %s", app.id, app.tracking_url)
    app = wait(app, settings, tell=_tell, stop=stop, poll_seconds=POLL_SECONDS)
    if stop.is_set() and app.is_alive:
        _stop(app, settings)
        return
    if app.final_status != "SUCCEEDED":
        raise ApplicationFailedError(f"{app.id} ended {app.final_status}: {app.diagnostics}")


def _tell(before: Application, now: Application) -> None:
    if (now.state, now.attempt) != (before.state, before.attempt):
        log.info("%s is %s, attempt %d", now.id, now.state, now.attempt)


def _stop(app: Application, settings: Settings) -> None:
    """Ask the driver to stop; if it doesn't, let YARN end it."""
    with suppress(PyMongoError), pymongo.timeout(POLL_SECONDS):
        open_store(settings)[collections.HEARTBEATS].update_one(
            {"_id": "streaming"}, {"$set": {"stop_at": datetime.now(UTC)}}, upsert=True
        )
    deadline = time.monotonic() + STOP_SECONDS
    with suppress(ServiceDownError):
        while app.is_alive and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS / 2)
            app = yarn.application(settings, app.id)
        if app.is_alive:
            log.warning("%s didn't end by itself within %d s", app.id, STOP_SECONDS)
            yarn.kill(settings, app.id)
