"""Who reads the dashboard while access is on, and what their pages may not do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, Page, Response, expect

from tests.dashboard.pages import shown

PASSWORD = "correct horse battery"
USERS = {"vera": "viewer", "anna": "listener", "root": "admin"}
HASH = """async (view) => {
  const before = location.href;
  const changed = new Promise((done) => addEventListener("hashchange", done, { once: true }));
  location.hash = view;
  if (location.href !== before) await changed;
}"""
SIZES = {"desktop": (1440, 1000), "phone": (360, 780)}


@contextmanager
def reading(
    browser: Browser,
    address: str,
    *,
    size: str = "desktop",
    scheme: Literal["light", "dark"] = "light",
    allowed: tuple[int, ...] = (),
) -> Iterator[Page]:
    """A page with cookies of its own; a console message or a failed request fails the test.

    Answers with a status in `allowed`, and what the console says of them, are part of the test.
    """
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="en-GB",
        reduced_motion="reduce",
        color_scheme=scheme,
    )
    page = context.new_page()
    wrong: list[str] = []

    def judge(response: Response) -> None:
        if response.status >= 400 and response.status not in allowed:
            wrong.append(f"{response.status} {response.url}")
        if not response.url.startswith(address):
            wrong.append(response.url)

    page.on("response", judge)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda message: (
            any(f"status of {each} " in message.text for each in allowed)
            or wrong.append(message.text)
        ),
    )
    yield page
    context.close()
    assert wrong == []


def sign_in(page: Page, address: str, name: str, view: str = "/") -> None:
    """Open a view as nobody, and go on to it through the form."""
    page.goto(f"{address}/dashboard/#{view}")
    submit(page, name)
    shown(page)


def submit(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill the form in and send it."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def go(page: Page, view: str) -> None:
    """Another view of the page that is open, as a link in it leads there."""
    page.evaluate(HASH, view)
    shown(page)
    expect(page.locator("#notice")).to_be_hidden()


def links(page: Page) -> list[str]:
    """Where the page's own links lead that are seen, after the `#`, each once."""
    found = page.locator("a[href^='#/']").evaluate_all(
        "(links) => links.filter((each) => each.checkVisibility()).map(({ hash }) => hash.slice(1))"
    )
    return sorted(set(found))
