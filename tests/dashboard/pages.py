"""How tests open the dashboard, and read it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

SHOWN = "body:not(.busy):not(:has(.loading:not([hidden]))):not([data-state=loading])"


def show(page: Page, server: str, address: str = "") -> None:
    """Open the page at an address after the `#`, and wait until all of it is drawn."""
    page.goto(f"{server}/dashboard/#{address}")
    shown(page)


def shown(page: Page) -> None:
    """Wait until what was asked for is drawn."""
    expect(page.locator(SHOWN)).to_be_attached(timeout=15_000)


def answer(page: Page, server: str, path: str) -> Any:
    """What the API answers."""
    return page.request.get(server + path).json()


def texts(page: Page | Locator, selector: str) -> list[str]:
    """The text of each element."""
    return page.locator(selector).all_text_contents()


def table(page: Page, selector: str) -> list[list[str]]:
    """The cells of a table's body, row by row."""
    rows = page.locator(f"{selector} tbody tr").all()
    return [row.locator("td").all_text_contents() for row in rows]
