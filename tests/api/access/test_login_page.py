"""The sign-in in a real browser, without scripts, on the real server."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from api.access import links, users
from listens.settings import Settings
from listens.store import Store
from tests.api.access.asking import PASSWORD
from tests.api.test_stream import serving
from tests.conftest import free_ports

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def address(access_settings: Settings, filled: Store) -> Iterator[str]:
    """A running server with access on, and a user."""
    users.add(filled, "anna", role="listener", listener=None, password=PASSWORD)
    update = {"api_port": free_ports()["api_port"]}
    settings = access_settings.model_copy(update=update)
    with serving(settings):
        yield f"http://127.0.0.1:{settings.api_port}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield opened
        opened.close()


@pytest.fixture(params=[("light", 1440), ("dark", 360)], ids=lambda each: f"{each[0]}-{each[1]}")
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page without scripts; its console stays empty."""
    scheme, width = request.param
    context = browser.new_context(
        java_script_enabled=False, color_scheme=scheme, viewport={"width": width, "height": 700}
    )
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text) if is_error(message) else None)
    yield opened
    context.close()
    assert said == []


def is_error(message: ConsoleMessage) -> bool:
    return message.type == "error" and "401" not in message.text  # the status that's asked for


def test_signing_in_and_out_needs_no_script(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/?window=2026")
    assert page.url == f"{address}/login?next=/?window%3D2026"
    assert page.get_by_label("Name").evaluate("field => field === document.activeElement")
    page.screenshot(path=tmp_path / "form.png")

    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("wrong, but long")
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("alert").inner_text() == "Name and password don’t fit together."
    assert page.get_by_label("Name").input_value() == "anna"
    assert page.get_by_label("Password").input_value() == ""
    page.screenshot(path=tmp_path / "wrong.png")

    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.wait_for_url(f"{address}/dashboard/?window=2026**")

    page.goto(f"{address}/login")
    assert page.get_by_text("You are anna.").is_visible()
    page.screenshot(path=tmp_path / "signed-in.png")
    page.get_by_role("button", name="Sign out").click()
    page.goto(address)
    assert page.url == f"{address}/login?next=/"


def test_the_dashboard_leads_to_the_account_and_on_to_another_password(
    browser: Browser, address: str, filled: Store, tmp_path: Path
) -> None:
    users.add(filled, "dora", role="viewer", listener=None, password=PASSWORD)
    context = browser.new_context(viewport={"width": 360, "height": 700})
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Name").fill("dora")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Change password").click()
    page.get_by_label("Current password").fill("wrong, but long")
    page.get_by_label("New password, 10").fill("another password")
    page.get_by_label("New password again").fill("another password")
    page.get_by_role("button", name="Change password").click()
    assert page.get_by_role("alert").inner_text() == "The current password isn’t right."
    assert page.get_by_label("New password again").input_value() == ""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=tmp_path / "password.png", full_page=True)

    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password, 10").fill("another password")
    page.get_by_label("New password again").fill("another password")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Password changed").wait_for()
    page.screenshot(path=tmp_path / "changed.png")
    page.get_by_role("link", name="To the charts").click()
    page.get_by_role("link", name="Account").wait_for()
    context.close()


def test_the_form_fits_and_can_be_read(page: Page, address: str) -> None:
    page.goto(f"{address}/login")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for field in (page.get_by_label("Name"), page.get_by_role("button", name="Sign in")):
        assert field.bounding_box()["height"] >= 44


def test_a_shared_link_leads_to_the_page_and_a_void_one_says_so(
    page: Page, address: str, filled: Store
) -> None:
    page.goto(f"{address}/shared/{links.create(filled, 'ben')}")
    assert page.url == f"{address}/dashboard/#/listeners/ben"

    answer = page.request.get(f"{address}/shared/pl_nothing")
    assert (answer.status, "opens nothing" in answer.text()) == (404, True)


def test_the_server_believes_no_proxy_that_isnt_in_the_settings(address: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Ssl": "on",
    }
    form = urlencode({"name": "anna", "password": PASSWORD})
    connection.request("POST", "/login", form, headers)
    response = connection.getresponse()

    assert response.status == 303
    assert response.getheader("Set-Cookie").startswith("playcount=ps_")
    connection.close()
