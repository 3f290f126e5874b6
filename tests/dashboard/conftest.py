"""A browser, and the real server on documents of both layers."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from listens.settings import CHECKOUT, Settings
from listens.store import Store, connect, ensure_indexes
from tests.api.documents import Heard, write_commit, write_version
from tests.conftest import free_ports

CHROMIUM = Path("/usr/bin/chromium")
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
IMPORTS = [
    {
        "_id": "20261124T070000-even",
        "listener_id": "anna",
        "file": "/exports/Streaming_History_Audio_2024.json",
        "started_at": NOW - timedelta(hours=1),
        "state": "settled",
        "read": 600,
        "new": 570,
        "duplicate": 10,
        "overlap": 5,
        "rejected": 15,
        "rejected_by_reason": {"no time": 9, "no title": 6},
    },
    {"_id": "20261124T060000-open", "file": "b.csv", "started_at": NOW, "state": "reading"},
]
LISTENERS = ["anna", "ben", "käthe/o", "%41"]


def listens(n: int, seed: int, days: int) -> list[Heard]:
    """Of the last days, with long names, markup and other scripts among them."""
    chance = random.Random(seed)
    titles = ["Jóga", "<b>bold</b>", "戦場のメリークリスマス", "A " + "very " * 30 + "long title"]
    titles += [f"song {n}" for n in range(40)]
    genres = {
        "Björk": "Electronic",
        "Radiohead": "Rock",
        "坂本龍一": "R&B / Soul",
        "An artist & friends": None,
    }
    return [
        Heard(
            NOW - timedelta(minutes=chance.randrange(days * 24 * 60)),
            title=chance.choice(titles),
            artist=(artist := chance.choice(list(genres))),
            album=chance.choice([None, "one", "two"]),
            ms_played=chance.choice([5_000, 180_000, 240_000]),
            listener=chance.choices(LISTENERS, [5, 4, 1, 1])[0],
            country=chance.choice(["DE", "SE", "US", "SG", None]),
            platform=chance.choice(["android", "ios", "web"]),
            skipped=chance.random() < 0.2,
            genre=genres[artist],
            mood=chance.choice(["calm", "happy", None]),
            personality=chance.choice(["ENLC", None]),
            rating=chance.choice([None, 1, 5]),
            duration_ms=chance.choice([None, 240_000]),
            year=chance.choice([1997, 2026]),
        )
        for _ in range(n)
    ]


@pytest.fixture(scope="module")
def database(mongo_server: Settings) -> Iterator[tuple[Settings, Store]]:
    """Two years in a batch, two days in live commits, and two imports."""
    settings = mongo_server.model_copy(
        update={"database": "test_dashboard", "api_port": free_ports()["api_port"]}
    )
    store = connect(settings)
    ensure_indexes(store)
    old = listens(600, 1, days=700)
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    for seq in range(2, 5):
        write_commit(store, seq, listens(20, seq, days=2))
    store.imports.insert_many(IMPORTS)
    store.heartbeats.insert_one({"_id": "streaming", "at": datetime.now(UTC), "pid": 1})
    yield settings, store
    store.client.drop_database(settings.database)
    store.client.close()


@pytest.fixture(scope="module")
def server(database: tuple[Settings, Store]) -> Iterator[str]:
    """The address of a running server."""
    settings, _ = database
    process = serving(settings)
    yield wait_for(settings)
    process.terminate()
    assert process.wait(timeout=20) == 0


def serving(settings: Settings, **more: str) -> subprocess.Popen[bytes]:
    """A server, with more settings by their variables; streams are for a test of many pages."""
    variables = {
        "PLAYCOUNT_MONGO_PORT": str(settings.mongo_port),
        "PLAYCOUNT_DATABASE": settings.database,
        "PLAYCOUNT_API_PORT": str(settings.api_port),
        "PLAYCOUNT_API_STREAMS": "100",
        **more,
    }
    return subprocess.Popen(
        [sys.executable, "-c", "from api.cli import app; app()"],
        cwd=CHECKOUT,
        env=os.environ | variables,
    )


def wait_for(settings: Settings, address: str = "") -> str:
    """The address of the API, or of another server, once it answers."""
    asked = address or f"http://127.0.0.1:{settings.api_port}/healthz"
    retry = urllib.request.build_opener()
    for _ in range(200):
        try:
            retry.open(asked, timeout=5)
            return asked.removesuffix("/healthz")
        except OSError:
            time_to_start()
    raise AssertionError("the server didn't start")


def time_to_start() -> None:
    """A moment for the process; urllib has no wait for a port."""
    import time

    time.sleep(0.1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium isn't installed: apt-get install chromium fonts-dejavu-core")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-background-networking"]
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    """A page on which any error, and any request to elsewhere, fails the test."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 1000}, locale="en-GB", reduced_motion="reduce"
    )
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "request",
        lambda request: request.url.startswith(server) or wrong.append(request.url),
    )
    yield opened
    context.close()
    assert wrong == []
