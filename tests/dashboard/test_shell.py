"""What holds for all views: width, accessibility, other servers, and a server that is away."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from listens.settings import CHECKOUT
from tests.conftest import free_ports
from tests.dashboard.conftest import serving, wait_for
from tests.dashboard.pages import answer, show, shown

SIZES = {"desktop": (1440, 1000), "phone": (360, 780)}
AXE = CHECKOUT / "tests/dashboard/vendor/axe.min.js"
VIEWS = {
    "overview": "/?window=2026",
    "charts": "/charts/songs",
    "live": "/live",
    "genre": "/genres/Rock",
    "listener": "/listeners/anna",
    "compare": "/compare",
    "pipeline": "/pipeline",
}


def opened(browser: Browser, size: str, scheme: str) -> Page:
    width, height = SIZES[size]
    return browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("view", list(VIEWS))
def test_every_view_fits_and_is_accessible(browser, server, view, size, scheme):
    page = opened(browser, size, scheme)
    show(page, server, VIEWS[view])
    wide = page.evaluate(
        """(width) => [...document.querySelectorAll("body *")]
          .filter((each) => each.checkVisibility() && !each.closest(SCROLLED))
          .filter((each) => each.getBoundingClientRect().right > width)
          .map((each) => each.outerHTML.slice(0, 80))""".replace(
            "SCROLLED", '".table-box, .table, .names, .tabs, #nav"'
        ),
        SIZES[size][0] + 1,
    )
    found = violations(page)
    page.close()

    assert wide == []
    assert found == []


def violations(page: Page) -> list[str]:
    """What axe finds serious; injected past the Content-Security-Policy, which forbids it."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text()})
    found = page.evaluate("axe.run()")["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:100]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def test_any_static_server_serves_the_page(browser, database):
    ports = free_ports()
    static = f"http://127.0.0.1:{ports['kafka_port']}"
    settings = database[0].model_copy(update={"api_port": ports["api_port"]})
    api = serving(settings, PLAYCOUNT_CORS_ORIGINS=static)
    address = wait_for(settings)
    command = ["-m", "http.server", str(ports["kafka_port"]), "--bind", "127.0.0.1"]
    files = subprocess.Popen(
        [sys.executable, *command, "--directory", str(CHECKOUT / "dashboard")],
        stderr=subprocess.DEVNULL,
    )
    page = browser.new_page()
    wait_for(settings, static)
    page.goto(f"{static}/?api={address}#/?window=2026")
    shown(page)
    plays = answer(page, address, "/api/summary?window=2026")["plays"]

    expect(page.locator("[data-tile=plays]")).to_have_text(str(plays))
    page.get_by_role("link", name="Pipeline").click()
    expect(page.locator("h1")).to_have_text("Pipeline")
    shown(page)
    expect(page.locator("#drop")).to_be_hidden()  # the API takes no files from there
    page.close()
    for process in (files, api):
        process.terminate()
        process.wait(timeout=20)


def test_a_page_that_is_not_there_says_so(browser, server):
    page = browser.new_page()
    page.goto(f"{server}/dashboard/#/songs/{'0' * 32}")

    expect(page.locator("#view > .message")).to_have_text("There's no such page here.")
    page.get_by_role("link", name="Overview").click()
    shown(page)
    expect(page.locator("h1")).to_have_text("Overview")
    page.close()


def test_the_page_says_when_the_server_is_away_and_recovers(browser, database):
    settings = database[0].model_copy(update={"api_port": free_ports()["api_port"]})
    # The other tests of this module may have taken longer than streaming may be silent.
    database[1].heartbeats.update_one({"_id": "streaming"}, {"$set": {"at": datetime.now(UTC)}})
    process = serving(settings, PLAYCOUNT_DASHBOARD_POLL_SECONDS="2")
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
    page.locator("#retry").dispatch_event("click")  # it may have tried by itself, and be hidden
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.locator("body")).to_have_attribute("data-state", "fresh")
    page.close()
    process.terminate()
    process.wait(timeout=20)


def test_the_first_view_takes_less_than_200_kilobytes(browser, server):
    """Files as a server that compresses would send them; the API's answers come on top."""
    import gzip
    import urllib.request

    page = browser.new_page()
    files: set[str] = set()
    page.on("request", lambda request: files.add(request.url))
    show(page, server)
    ours = [url for url in files if "/dashboard/" in url and "countries-110m" not in url]
    page.close()

    size = sum(len(gzip.compress(urllib.request.urlopen(url).read())) for url in ours)
    assert len(ours) > 10
    assert size < 200_000
