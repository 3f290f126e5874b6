"""The dashboard in a real browser, served by the real server, on documents of both layers."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from listens.settings import CHECKOUT, Settings
from listens.store import Store, connect, ensure_indexes
from tests.api.documents import Heard, write_commit, write_version
from tests.conftest import free_ports

CHROMIUM = Path("/usr/bin/chromium")
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SIZES = {"desktop": (1440, 1000), "phone": (360, 780)}


def listens(n: int, seed: int, days: int) -> list[Heard]:
    """Of the last days, with long names, markup and other scripts among them."""
    chance = random.Random(seed)
    titles = ["Jóga", "<b>bold</b>", "戦場のメリークリスマス", "A " + "very " * 30 + "long title"]
    titles += [f"song {n}" for n in range(40)]
    return [
        Heard(
            NOW - timedelta(minutes=chance.randrange(days * 24 * 60)),
            title=chance.choice(titles),
            artist=chance.choice(["Björk", "Radiohead", "坂本龍一", "An artist & friends"]),
            album=chance.choice([None, "one", "two"]),
            ms_played=chance.choice([5_000, 180_000, 240_000]),
            listener=chance.choice(["anna", "ben"]),
            skipped=chance.random() < 0.2,
        )
        for _ in range(n)
    ]


@pytest.fixture(scope="module")
def database(mongo_server: Settings) -> Iterator[tuple[Settings, Store]]:
    """Two years in a batch, two days in live commits."""
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
    store.heartbeats.insert_one({"_id": "streaming", "at": datetime.now(UTC), "pid": 1})
    yield settings, store
    store.client.drop_database(settings.database)
    store.client.close()


@pytest.fixture(scope="module")
def server(database: tuple[Settings, Store]) -> Iterator[str]:
    """The address of a running server that tells pages to poll every two seconds."""
    settings, _ = database
    process = serving(settings)
    yield wait_for(settings)
    process.terminate()
    assert process.wait(timeout=20) == 0


def serving(settings: Settings) -> subprocess.Popen[bytes]:
    variables = {
        "PLAYCOUNT_MONGO_PORT": str(settings.mongo_port),
        "PLAYCOUNT_DATABASE": settings.database,
        "PLAYCOUNT_API_PORT": str(settings.api_port),
        "PLAYCOUNT_DASHBOARD_POLL_SECONDS": "2",
    }
    return subprocess.Popen(
        [sys.executable, "-c", "from api.cli import app; app()"],
        cwd=CHECKOUT,
        env=os.environ | variables,
    )


def wait_for(settings: Settings) -> str:
    address = f"http://127.0.0.1:{settings.api_port}"
    retry = urllib.request.build_opener()
    for _ in range(200):
        try:
            retry.open(f"{address}/healthz", timeout=5)
            return address
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


def show(page: Page, server: str, query: str = "") -> None:
    page.goto(f"{server}/{query}")
    expect(page.locator("#songs")).not_to_have_class("card ranking loading")


def answer(page: Page, server: str, path: str) -> Any:
    return page.request.get(server + path).json()


def texts(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_text_contents()


def test_the_page_opens_on_all_time_with_the_numbers_of_the_api(page, server):
    show(page, server)
    songs = answer(page, server, "/api/top-songs?limit=10")
    artists = answer(page, server, "/api/top-artists?limit=10")
    summary = answer(page, server, "/api/summary")

    assert texts(page, "#songs .row > .value") == [str(item["plays"]) for item in songs["items"]]
    assert texts(page, "#second .row > .name") == [item["artist"] for item in artists["items"]]
    assert texts(page, "#tiles dd") == [
        f"{summary['plays']}",
        f"{summary['ms_played'] / 3_600_000:.1f}",
        f"{summary['songs']}",
        f"{summary['artists']}",
        f"{summary['skips'] / summary['streams'] * 100:.1f}".removesuffix(".0") + "%",
    ]
    expect(page.locator("#freshness")).to_contain_text("batch 1 + 3 live commits")


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("?window=2026-11&by=skips", "window=2026-11&by=skips"),
        ("?window=2026-W47&listener=ben", "window=2026-W47&listener=ben"),
        (
            "?from=2026-03-05&to=2026-07-09&daypart=night",
            "from=2026-03-05&to=2026-07-09&daypart=night",
        ),
    ],
)
def test_the_address_chooses_what_is_shown(page, server, query, asked):
    show(page, server, query)
    songs = answer(page, server, f"/api/top-songs?limit=10&{asked}")["items"]
    page.locator("#songs summary").click()

    rows = [row.split("\t") for row in page.locator("#songs tbody").inner_text().split("\n")]

    assert [row[1:4] + row[5:] for row in rows] == [
        [item["title"], item["artist"], str(item["plays"]), str(item["skips"])] for item in songs
    ]


def test_the_timeline_shows_every_period(page, server):
    show(page, server, "?window=2026-11")
    items = answer(page, server, "/api/timeline?window=2026-11&grain=day")["items"]
    page.locator("#timeline summary").click()

    plays = texts(page, "#timeline tbody td:nth-child(2)")

    assert len(plays) == 30
    assert sum(map(int, plays)) == sum(item["plays"] for item in items)


def test_controls_change_the_address_and_back_brings_it_back(page, server):
    show(page, server)
    page.get_by_text("Month", exact=True).click()
    expect(page.locator("#period")).to_have_text("November 2026")
    page.locator("#previous").click()
    expect(page.locator("#period")).to_have_text("October 2026")
    page.locator("#slice").select_option("listener")
    expect(page).to_have_url(f"{server}/?window=2026-10&listener=anna")
    page.get_by_text("Albums", exact=True).click()
    expect(page.locator("#second-title")).to_have_text("Top albums")
    expect(page.locator("#second .row .name").first).to_have_text("two")

    page.go_back()
    page.go_back()
    page.go_back()
    expect(page.locator("#period")).to_have_text("November 2026")
    expect(page.locator("#slice")).to_have_value("")
    page.reload()
    expect(page.locator("#period")).to_have_text("November 2026")


def test_keys_move_along_the_timeline_and_open_a_period(page, server):
    show(page, server, "?window=2026")
    page.locator("#timeline .chart").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#timeline .readout")).to_contain_text("February 2026")
    page.keyboard.press("Enter")

    expect(page.locator("#period")).to_have_text("February 2026")


def test_a_period_without_listens_says_so(page, server):
    show(page, server, "?window=1999")

    expect(page.locator("#songs .message")).to_have_text("No songs were heard: 1999, everyone.")
    expect(page.locator("#timeline .message")).to_be_visible()
    assert texts(page, "#tiles dd") == ["0", "0.0", "0", "0", "–"]


def test_a_new_commit_shows_up_by_itself(page, server, database):
    show(page, server)
    before = int(page.locator("[data-tile=plays]").inner_text())
    _, store = database
    seq = store.speed_commits.find_one(sort=[("_id", -1)])["_id"] + 1
    write_commit(store, seq, [Heard(NOW, "Jóga")])

    expect(page.locator("[data-tile=plays]")).to_have_text(str(before + 1))


def test_what_was_heard_is_text_and_never_markup(page, server):
    show(page, server, "?rows=50")

    expect(page.locator("#songs .name", has_text="<b>bold</b>").first).to_be_attached()
    assert page.locator("main b").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_nothing_is_wider_than_the_window(browser, server, tmp_path, size, scheme):
    width, height = SIZES[size]
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    show(page, server, "?rows=50")
    page.screenshot(path=tmp_path / f"{size}-{scheme}.png", full_page=True)
    wide = page.evaluate(
        "(width) => [...document.querySelectorAll('body *')]"
        ".filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > width)"
        ".map((each) => each.outerHTML.slice(0, 80))",
        width + 1,
    )
    page.close()

    assert wide == []


def test_the_page_says_when_the_server_is_away_and_recovers(browser, database):
    settings = database[0].model_copy(update={"api_port": free_ports()["api_port"]})
    process = serving(settings)
    address = wait_for(settings)
    page = browser.new_page(locale="en-GB", reduced_motion="reduce")
    show(page, address)
    process.terminate()
    process.wait(timeout=20)
    expect(page.locator("#notice")).to_contain_text("The server doesn't answer.", timeout=15_000)
    expect(page.locator("body")).to_have_attribute("data-state", "offline")
    assert page.locator("#songs .row").count() == 10

    process = serving(settings)
    wait_for(settings)
    page.locator("#retry").click()
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.locator("body")).to_have_attribute("data-state", "fresh")
    page.close()
    process.terminate()
    process.wait(timeout=20)
