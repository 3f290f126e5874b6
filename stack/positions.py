"""How far each layer says it has come, read from MongoDB."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import DESCENDING
from pymongo.errors import PyMongoError

from listens import bulk_loads
from listens.errors import ServiceDownError
from listens.settings import Settings
from stack.lag import Offsets
from stack.mongo import client


@dataclass(frozen=True)
class Position:
    """One layer has covered every event before `until`; it last said so `at`."""

    until: Offsets
    at: datetime | None


@dataclass(frozen=True)
class Positions:
    """All layers' positions, and what the status names beside them."""

    archive: Position
    speed: Position
    batch: Position
    batch_version: int | None
    last_commit: dict[str, Any] | None
    schedule: dict[str, Any] | None  # the scheduler's heartbeat, with its jobs' last runs
    bulk_loads: list[dict[str, Any]]  # those that the version doesn't count


NOTHING = Position({}, None)


def read_positions(settings: Settings) -> Positions:
    """Read the last commit, the archive's coverage and the current batch version.

    Raises:
        ServiceDownError: MongoDB doesn't answer.
    """
    try:
        with client(settings) as mongo:
            database = mongo[settings.database]
            commit = database["speed_commits"].find_one(sort=[("_id", DESCENDING)])
            coverage = database["archive_coverage"].find_one({"_id": "archive"})
            pointer = database["batch_pointer"].find_one({"_id": "current"})
            version = pointer["version"] if pointer else None
            manifest = database["batch_versions"].find_one({"_id": version}) if pointer else None
            counted = (manifest or {}).get("loads", ())
            states = (*bulk_loads.UNFINISHED, bulk_loads.SEALED)
            loads = [
                load for load in bulk_loads.in_state(database, *states)
                if load["_id"] not in counted and load.get("events") != 0
            ]  # fmt: skip
            schedule = database["heartbeats"].find_one({"_id": "scheduler"})
            if schedule is not None:
                schedule["last"] = {
                    run.pop("_id"): run for run in database["scheduled_runs"].find()
                }
    except PyMongoError as error:
        where = settings.mongo_connection.rpartition("@")[2]  # without a password
        raise ServiceDownError(f"MongoDB at {where} doesn't answer") from error
    return Positions(
        archive=_position(coverage, "until"),
        speed=_position(commit, "until"),
        batch=_position(manifest, "cut"),
        batch_version=version,
        last_commit=commit,
        schedule=schedule,
        bulk_loads=loads,
    )


def _position(document: dict[str, Any] | None, field: str) -> Position:
    return Position(document.get(field, {}), document.get("at")) if document else NOTHING
