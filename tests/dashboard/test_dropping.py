"""Files dropped on the page: sent, imported, counted, and shown; or told why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.access import sessions, users
from api.application import create_app
from listens.settings import Settings
from listens.store import connect, ensure_indexes
from tests.api.serving import served
from tests.dashboard.pages import show, shown, table
from tests.dashboard.test_shell import SIZES, opened, violations
from tests.pipeline.conftest import Pipeline

CSV = (
    "ts,ms_played,track_name,artist_name\n"
    "2026-01-13 09:00:00,200000,Jóga,Björk\n"
    "2026-01-13 09:04:00,-5,Jóga,Björk\n"
    "2026-01-13 09:05:00,200000,Hunter,Björk\n"
    "2026-01-13 09:05:00,100,,Björk\n"
    "2026-01-14 09:05:00,100,Hunter,Björk\n"
)
"""By hand: 5 rows, 3 streams, 2 plays, and 2 that are no listen."""

SLOW_MS = 60_000


@pytest.fixture
def own(fresh_topic: Settings, tmp_path: Path) -> Settings:
    """Settings of a server that takes a MiB."""
    return fresh_topic.model_copy(update={"home": tmp_path / "home", "upload_max_mb": 1})


@pytest.fixture
def pipeline(spark, own: Settings) -> Iterator[Pipeline]:
    """The layers around that server."""
    store = connect(own)
    ensure_indexes(store)
    yield Pipeline(spark, own, store, create_app(own, store).test_client())
    store.client.close()


@pytest.fixture
def own_server(pipeline: Pipeline) -> Iterator[str]:
    """The address of the server, which has counted nothing yet."""
    with served(pipeline.settings) as address:
        yield address


@pytest.fixture
def own_page(browser: Browser, own_server: str) -> Iterator[Page]:
    """A page on which any error fails the test."""
    page = opened(browser, "desktop", "light")
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.close()
    assert wrong == []


def drop(page: Page, **files: str) -> None:
    """Drop files on the page, as from the desktop."""
    data = page.evaluate_handle(
        """(files) => {
          const data = new DataTransfer();
          for (const [name, text] of Object.entries(files)) data.items.add(new File([text], name));
          return data;
        }""",
        files,
    )
    page.dispatch_event("#drop-title", "dragover", {"dataTransfer": data})
    expect(page.locator("body")).to_have_class("dropping")
    page.dispatch_event("#drop-title", "drop", {"dataTransfer": data})
    expect(page.locator("body")).not_to_have_class("dropping")


@pytest.mark.timeout(400)
def test_a_dropped_file_is_imported_and_changes_the_charts(own_page, own_server, pipeline):
    show(own_page, own_server, "/")
    expect(own_page.locator("[data-tile=plays]")).to_have_text("0")
    own_page.get_by_role("link", name="Pipeline").click()
    shown(own_page)
    own_page.get_by_label("Listener").fill("anna")

    drop(own_page, **{"history.csv": CSV})
    status = own_page.locator("#drop-status")
    expect(status).to_have_text("All rows are sent, and are being counted.", timeout=SLOW_MS)
    expect(own_page.locator("#drop-bar")).to_be_visible()
    pipeline.drain()

    balance = "Read 5 = new 3 + duplicate 0 + overlap 0 + rejected 2"
    expect(status).to_have_text(balance, timeout=SLOW_MS)
    expect(own_page.locator("#drop-bar")).to_be_hidden()
    assert table(own_page, "#drop-imports") == [
        ["history.csv", "settled", "5", "3", "0", "0", "2", "even"]
    ]
    assert [row[:3] for row in table(own_page, "#drop-rejections")] == [
        ["history.csv", "2", "the milliseconds played are less than zero"],
        ["history.csv", "4", "the row names no track, episode or audiobook"],
    ]
    expect(own_page.locator("#imports td").first).to_be_visible()
    assert table(own_page, "#imports")[0][1:8] == [
        "history.csv", "anna", "settled", "5", "3", "0", "0",
    ]  # fmt: skip
    own_page.get_by_role("link", name="Overview").click()
    shown(own_page)
    expect(own_page.locator("[data-tile=plays]")).to_have_text("2")


@pytest.mark.timeout(400)
def test_what_is_wrong_is_told_and_can_be_tried_again(own_page, own_server, pipeline):
    show(own_page, own_server, "/pipeline")
    choose = own_page.get_by_label("Choose files")
    choose.focus()
    choose.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": CSV.encode()})
    alert = own_page.locator("#drop-error")
    expect(alert).to_contain_text("a.csv doesn't say who listened", timeout=SLOW_MS)

    own_page.get_by_label("Listener").fill("anna")
    own_page.get_by_role("button", name="Try again").click()
    status = own_page.locator("#drop-status")
    expect(status).to_have_text("All rows are sent, and are being counted.", timeout=SLOW_MS)
    expect(alert).to_have_text("")
    assert pipeline.store.imports.find_one({})["listener_id"] == "anna"


def test_too_much_is_told_before_it_is_sent(own_page, own_server, pipeline):
    show(own_page, own_server, "/pipeline")
    large = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"x" * 1_500_000}

    own_page.get_by_label("Choose files").set_input_files(large)

    told = "The files have 2 MiB, and an upload may have 1 MiB."
    expect(own_page.locator("#drop-error")).to_contain_text(told)
    assert pipeline.store.uploads.count_documents({}) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_an_error_fits_and_is_accessible(browser, own_server, size, scheme):
    page = opened(browser, size, scheme)
    show(page, own_server, "/pipeline")
    name = "a" * 120 + ".csv"
    drop(page, **{name: "colour\nred\n"})
    expect(page.locator("#drop-error")).to_contain_text("no listening history", timeout=SLOW_MS)

    wide = page.evaluate("document.documentElement.scrollWidth")
    found = violations(page)
    page.close()
    assert wide <= SIZES[size][0]
    assert found == []


@pytest.mark.parametrize(("role", "is_shown"), [("admin", True), ("viewer", False)])
def test_only_those_who_may_import_see_where(browser, pipeline, role, is_shown):
    users.add(pipeline.store, role, role=role, listener=None, password="correct horse battery")
    session = sessions.begin(pipeline.store, role, hours=1)
    with served(pipeline.settings.model_copy(update={"access": "on"})) as address:
        page = opened(browser, "desktop", "light")
        page.context.add_cookies([{"name": "playcount", "value": session, "url": address}])
        show(page, address, "/pipeline")
        expect(page.locator("#drop")).to_be_visible(visible=is_shown)
        page.close()
