"""The MongoDB collections that the layers share, and the way to reach them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import CollectionInvalid, ConfigurationError, PyMongoError

from listens.errors import ServiceDownError, UserMistakeError
from listens.settings import Settings

Document = dict[str, Any]
Store = Database[Document]

SPEED_COMMITS = "speed_commits"
SPEED_SEGMENTS = "speed_segments"
SEEN = "seen"
RECENT_LISTENS = "recent_listens"
REJECTED_EVENTS = "rejected_events"
NAMES = "names"
IMPORTS = "imports"
UPLOADS = "uploads"
BULK_LOADS = "bulk_loads"
ARCHIVE_COVERAGE = "archive_coverage"
BATCH_VERSIONS = "batch_versions"
BATCH_CHARTS = "batch_charts"
BATCH_POINTER = "batch_pointer"
HEARTBEATS = "heartbeats"
SCHEDULED_RUNS = "scheduled_runs"
ERASURES = "erasures"
JOB_ORDERS = "job_orders"
USERS = "users"
TOKENS = "tokens"
SESSIONS = "sessions"
SHARED_LINKS = "shared_links"

ACCESS = (USERS, TOKENS, SESSIONS, SHARED_LINKS)
"""Who may do what. `listener`, in all but sessions, says whose; sessions name their `user`.

All have `created_at`; the API alone knows the rest (api/access/)."""

CURRENT = "current"
"""`_id` of the one document in BATCH_POINTER."""

CHART_INDEX = tuple((name, 1) for name in ("view", "by", "value", "grain", "window", "generation"))
"""Of BATCH_CHARTS."""

_INDEXES: dict[str, list[list[tuple[str, int]]]] = {
    SPEED_SEGMENTS: [[("seq", 1)], [("view", 1), ("by", 1), ("seq", 1)]],
    RECENT_LISTENS: [[("last_ended_at", -1)]],
    BATCH_CHARTS: [[*CHART_INDEX], [("generation", 1), ("window", 1)]],
    IMPORTS: [[("started_at", -1)]],
    REJECTED_EVENTS: [[("seq", 1)]],
    NAMES: [[("words", 1)], [("artist_id", 1)]],
    SESSIONS: [[("user", 1)]],
}

_KEPT_SECONDS = {
    JOB_ORDERS: ("at", 7 * 24 * 3600),
    SESSIONS: ("expires_at", 0),
    UPLOADS: ("at", 24 * 3600),
}
"""Collection → the field with the moment from which on a document is kept for so long."""


def open_store(settings: Settings, *, timeout_seconds: float = 10) -> Store:
    """The database, without asking whether it's there: its first use finds out.

    Majority writes and reads, so that nothing is seen that a crash can take back: the API would
    go on answering from it, and another commit would get its number. Aware datetimes;
    `timeout_seconds` is how long a use waits for a primary.

    Raises:
        UserMistakeError: the connection string can't be used.
    """
    try:
        client: MongoClient[Document] = MongoClient(
            settings.mongo_connection,
            serverSelectionTimeoutMS=int(timeout_seconds * 1000),
            tz_aware=True,
            w="majority",
            journal=True,
            readConcernLevel="majority",
            appname="playcount",
        )
    except (ConfigurationError, ValueError) as error:
        raise UserMistakeError(f"PLAYCOUNT_MONGO_URI: {error}") from error
    return client[settings.database]


def connect(settings: Settings, *, timeout_seconds: float = 10) -> Store:
    """As `open_store`, checking that a primary answers.

    Raises:
        ServiceDownError: no primary answered within the timeout.
        UserMistakeError: the connection string can't be used.
    """
    store = open_store(settings, timeout_seconds=timeout_seconds)
    try:
        store.client.admin.command("ping")
    except PyMongoError as error:
        store.client.close()
        raise ServiceDownError(
            f"MongoDB doesn't answer at {_address(settings)}; start it with ./playcount up, "
            "or set PLAYCOUNT_MONGO_URI"
        ) from error
    return store


def ensure_indexes(store: Store) -> None:
    """Make each index that isn't there yet; cheap when all are."""
    if BATCH_CHARTS not in store.list_collection_names():
        # A sixth less on disk than by MongoDB's default, at the same speed (docs/performance.md).
        zstd = {"wiredTiger": {"configString": "block_compressor=zstd"}}
        with suppress(CollectionInvalid):  # another process has just made it
            store.create_collection(BATCH_CHARTS, storageEngine=zstd)
    for collection, indexes in _INDEXES.items():
        for keys in indexes:
            store[collection].create_index(keys)
    for collection, (moment, seconds) in _KEPT_SECONDS.items():
        store[collection].create_index(moment, expireAfterSeconds=seconds)


def _address(settings: Settings) -> str:
    """Host and port only: a connection string may hold a password."""
    return settings.mongo_connection.split("@")[-1].removeprefix("mongodb://").split("/")[0]
