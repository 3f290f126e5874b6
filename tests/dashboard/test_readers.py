"""The dashboard with access on: all see what is theirs to see, and are offered nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from api.access import links as shared_links
from api.access import sessions, users
from listens.settings import Settings
from listens.store import Store
from tests.api.documents import Heard, write_commit
from tests.conftest import free_ports
from tests.dashboard.conftest import NOW, serving, wait_for
from tests.dashboard.pages import answer, shown, table, texts
from tests.dashboard.readers import PASSWORD, USERS, go, links, reading, sign_in, submit
from tests.dashboard.test_shell import violations

NAV = {
    "vera": ["Overview", "Charts", "Compare", "Pipeline"],
    "anna": ["Overview", "Charts", "Live", "Compare", "Pipeline"],
    "root": ["Overview", "Charts", "Live", "Compare", "Pipeline"],
}
CHARTS = ["/charts/songs", "/charts/artists", "/charts/albums", "/charts/genres"]
VIEWS = {
    "vera": ["/", *CHARTS, "/charts/listeners", "/genres/Rock", "/compare", "/pipeline"],
    "anna": ["/", *CHARTS, "/charts/listeners", "/genres/Rock", "/compare", "/pipeline", "/live",
             "/?listener=anna&window=2026", "/listeners/anna", "/listeners/anna?window=2026-11"],
    "root": ["/", *CHARTS, "/charts/listeners", "/genres/Rock", "/compare", "/pipeline", "/live",
             "/?listener=ben", "/listeners/anna", "/listeners/k%C3%A4the%2Fo"],
}  # fmt: skip
UNNAMED = "another listener"
LOOKS = [("desktop", "light"), ("phone", "dark")]


@pytest.fixture(scope="module")
def address(database: tuple[Settings, Store]) -> Iterator[str]:
    """A server with access on, and a user of each role."""
    settings = database[0].model_copy(update={"api_port": free_ports()["api_port"]})
    for name, role in USERS.items():
        users.add(database[1], name, role=role, listener=None, password=PASSWORD)
    process = serving(settings, PLAYCOUNT_ACCESS="on", PLAYCOUNT_API_REQUESTS_PER_MINUTE="100000")
    yield wait_for(settings)
    process.terminate()
    assert process.wait(timeout=20) == 0


@pytest.fixture
def link(database: tuple[Settings, Store]) -> Iterator[str]:
    """The secret of a link to anna's page."""
    store = database[1]
    yield shared_links.create(store, "anna")
    for each in shared_links.listed(store):
        shared_links.revoke(store, each["_id"])


def open_link(page: Page, address: str, link: str) -> None:
    page.goto(f"{address}/shared/{link}")
    shown(page)


def kind_of(view: str) -> str:
    """Two links of the same kind open the same view of different things."""
    path, _, query = view.partition("?")
    first, _, rest = path.strip("/").partition("/")
    names = re.sub(r"=[^&]*", "", query)
    return f"{first}/{rest if first == 'charts' else '*' if rest else ''}?{names}"


# What they see


@pytest.mark.parametrize("who", list(USERS))
def test_every_view_and_every_link_in_it_can_be_opened(browser, address, who):
    """Listeners' pages each, of all else one link of a kind."""
    with reading(browser, address) as page:
        sign_in(page, address, who)
        assert texts(page, "#nav a") == NAV[who]
        offered = {}
        for view in VIEWS[who]:
            go(page, view)
            for each in links(page):
                offered.setdefault(each if each.startswith("/listeners/") else kind_of(each), each)
        for each in offered.values():
            go(page, each)
            assert page.locator("#view > .message").count() == 0

        pages = {each.partition("?")[0] for each in offered if each.startswith("/listeners/")}
        assert pages == {
            "vera": set(),
            "anna": {"/listeners/anna"},
            "root": {f"/listeners/{quote(name, safe='')}" for name in
                     ("anna", "ben", "käthe/o", "%41")},
        }[who]  # fmt: skip
        assert len(offered) > 10


@pytest.mark.parametrize("who", list(USERS))
def test_the_numbers_are_those_that_the_api_tells_the_same_reader(browser, address, who):
    with reading(browser, address) as page:
        sign_in(page, address, who, "/?window=2026")
        summary = answer(page, address, "/api/summary?window=2026")
        songs = answer(page, address, "/api/top-songs?window=2026&limit=10")["items"]
        expect(page.locator("[data-tile=plays]")).to_have_text(str(summary["plays"]))
        assert texts(page, "#songs .value") == [str(each["plays"]) for each in songs]

        go(page, "/charts/listeners")
        items = answer(page, address, "/api/top-listeners?limit=50")["items"]
        assert [row[:2] for row in table(page, ".table-box")] == [
            [str(item["rank"]), item["listener"] or UNNAMED] for item in items
        ]
        named = [item["listener"] for item in items if item["listener"]]
        assert len(named) == {"vera": 0, "anna": 1, "root": 4}[who]


@pytest.mark.parametrize("who", ["vera", "anna"])
def test_who_else_hears_a_song_is_not_told(browser, address, who):
    with reading(browser, address) as page:
        sign_in(page, address, who)
        song = answer(page, address, "/api/top-songs?limit=1")["items"][0]
        go(page, f"/songs/{song['song_id']}")
        heard_by = answer(page, address, f"/api/songs/{song['song_id']}")["listeners"]["items"]

        names = texts(page, "#listeners .name")
        assert names == [each["listener"] or UNNAMED for each in heard_by]
        assert set(names) <= {UNNAMED, who}
        assert not {"ben", "käthe/o", "%41"} & set(page.content().split('"'))


def test_a_viewer_is_offered_no_listeners(browser, address):
    with reading(browser, address) as page:
        sign_in(page, address, "vera")
        assert page.locator("#slice option[value=listener]").is_disabled()
        assert page.locator("#slice option[value=country]").is_enabled()

        go(page, "/charts/listeners")
        expect(page.get_by_role("searchbox")).to_be_hidden()
        expect(page.locator("#ranks")).to_be_hidden()
        go(page, "/charts/songs")
        expect(page.get_by_role("searchbox")).to_be_visible()
        go(page, "/pipeline")
        expect(page.locator("#imports-title")).to_be_hidden()
        expect(page.locator("#versions-title")).to_be_visible()


def test_the_first_listeners_by_month_are_those_with_a_name(browser, address):
    with reading(browser, address) as page:
        sign_in(page, address, "anna", "/charts/listeners")
        page.locator("#ranks summary").click()

        assert texts(page, "#ranks th") == ["Month", "anna"]
        month = answer(page, address, "/api/top-listeners?window=2026-10&limit=100")["items"]
        (rank,) = [str(each["rank"]) for each in month if each["listener"] == "anna"]
        assert ["October 2026", rank] in table(page, "#ranks")


@pytest.mark.parametrize("who", ["vera", "anna"])
def test_who_knows_no_two_listeners_compares_periods(browser, address, who):
    with reading(browser, address) as page:
        sign_in(page, address, who, "/charts/songs?window=2026-10")
        page.get_by_role("link", name="Compare").click()
        expect(page).to_have_url(re.compile(r"#/compare\?window=2026-10&periods=yes$"))
        shown(page)
        sums = [
            answer(page, address, f"/api/summary?window={month}")["plays"]
            for month in ("2026-09", "2026-10")
        ]

        assert table(page, "section .table-box")[0][:3] == ["Plays", *map(str, sums)]
        expect(page.locator(".filters fieldset")).to_be_hidden()
        page.go_back()
        expect(page.locator("h1")).to_have_text("Top songs")


def test_an_admin_sees_imports_and_compares_listeners(browser, address):
    with reading(browser, address) as page:
        sign_in(page, address, "root", "/pipeline")
        expect(page.locator("#imports")).to_contain_text("Streaming_History_Audio_2024.json")
        go(page, "/compare")
        expect(page.locator(".filters fieldset")).to_be_visible()


def test_what_a_listener_may_not_see_is_refused_in_words(browser, address):
    with reading(browser, address, allowed=(403,)) as page:
        sign_in(page, address, "anna")
        page.evaluate("location.hash = '/listeners/ben'")
        expect(page.locator("#notice")).to_contain_text("This isn't for listener to see or to do.")
        assert page.locator("#songs .row").count() == 0


def test_live_shows_a_listener_their_own_listens(browser, address, database):
    with reading(browser, address) as page:
        sign_in(page, address, "anna", "/live")
        expect(page.locator("#stream-state")).to_have_text("connected")
        assert {row[4] for row in table(page, "#listens")} == {"anna"}
        store = database[1]
        seq = store.speed_commits.find_one(sort=[("_id", -1)])["_id"] + 1
        heard = [Heard(NOW, "Not hers", listener="ben"), Heard(NOW, f"Hers {seq}")]
        write_commit(store, seq, heard)

        expect(page.locator("#listens")).to_contain_text(f"Hers {seq}", timeout=15_000)
        assert {row[4] for row in table(page, "#listens")} == {"anna"}
        assert "Not hers" not in texts(page, "#listens td")


# A shared link


def test_a_shared_link_opens_one_page_with_the_numbers_of_the_api(browser, address, link):
    with reading(browser, address) as page:
        open_link(page, address, link)
        expect(page).to_have_url(f"{address}/dashboard/#/listeners/anna")
        item = answer(page, address, "/api/listeners/anna")

        expect(page.locator("h1")).to_have_text("anna")
        expect(page.locator("[data-tile=plays]")).to_have_text(str(item["plays"]))
        assert texts(page, "#songs .value") == [
            str(each["plays"]) for each in item["songs"]["items"]
        ]
        assert texts(page, "#nav a") == []
        assert links(page) == ["/"]  # the name of the page, which leads to this view again
        expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_a_shared_link_opens_nothing_else(browser, address, link):
    with reading(browser, address) as page:
        open_link(page, address, link)
        for view in ("/", "/charts/songs", "/live", "/compare", "/listeners/ben"):
            go(page, view)
            expect(page).to_have_url(f"{address}/dashboard/#/listeners/anna")
            expect(page.locator("h1")).to_have_text("anna")
        page.locator(".brand").click()
        expect(page).to_have_url(f"{address}/dashboard/#/listeners/anna")


def test_the_windows_of_a_shared_page_can_be_chosen(browser, address, link):
    with reading(browser, address) as page:
        open_link(page, address, link)
        page.locator("#kinds label", has_text="Year").click()
        expect(page).to_have_url(f"{address}/dashboard/#/listeners/anna?window=2026")
        shown(page)
        plays = answer(page, address, "/api/listeners/anna?window=2026")["plays"]

        expect(page.locator("[data-tile=plays]")).to_have_text(str(plays))
        page.locator("#previous").click()
        expect(page.locator("#period")).to_have_text("2025")
        shown(page)
        expect(page.locator("#notice")).to_be_hidden()


def test_a_link_that_is_revoked_closes_at_once(browser, address, link, database):
    with reading(browser, address, allowed=(401, 404)) as page:
        open_link(page, address, link)
        for each in shared_links.listed(database[1]):
            shared_links.revoke(database[1], each["_id"])
        page.evaluate("dispatchEvent(new Event('online'))")  # as when it asks by itself
        expect(page.locator("#notice")).to_contain_text("This link opens nothing any more.")

        page.reload()
        expect(page).to_have_url(re.compile("/login"))
        page.goto(f"{address}/shared/{link}")
        expect(page.locator("h1")).to_have_text("This link opens nothing")


# Signing in and out


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_who_is_not_signed_in_comes_back_to_the_address(browser, address, script):
    view = "/charts/artists?window=2026&by=skips"
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(f"{address}/dashboard/#{view}")
    assert "/login?next=" in page.url
    submit(page, "vera", "not the password")
    expect(page.get_by_role("alert")).to_have_text("Name and password don’t fit together.")
    submit(page, "vera")

    expect(page).to_have_url(f"{address}/dashboard/#{view}")
    if script:
        shown(page)
        expect(page.locator("h1")).to_have_text("Top artists")
    context.close()


def test_signing_out_ends_the_session(browser, address):
    with reading(browser, address) as page:
        sign_in(page, address, "anna")
        account = page.locator("#account")
        expect(account.get_by_role("link", name="anna")).to_have_attribute(
            "href", "#/listeners/anna"
        )
        (cookie,) = page.context.cookies()
        account.get_by_role("button", name="Sign out").click()
        expect(page).to_have_url(re.compile("/login"))
        assert page.context.cookies() == []

        page.context.add_cookies([cookie])
        page.goto(f"{address}/dashboard/")
        expect(page).to_have_url(f"{address}/login?next=/dashboard/")


def test_a_session_that_has_ended_is_told_and_leads_back(browser, address, database):
    with reading(browser, address, allowed=(401,)) as page:
        sign_in(page, address, "vera", "/charts/genres")
        sessions.end_all(database[1], "vera")
        page.locator("#kinds label", has_text="Year").click()
        expect(page.locator("#notice")).to_contain_text("You aren't signed in any more.")
        page.get_by_role("link", name="Sign in").click()
        submit(page, "vera")

        expect(page).to_have_url(f"{address}/dashboard/#/charts/genres?window=2026")
        shown(page)
        expect(page.locator("h1")).to_have_text("Top genres")


def test_a_session_that_ends_is_noticed_before_anything_is_asked_for(browser, address, database):
    """By the stream, which ends within some ten seconds; the page asks by itself in an hour."""
    with reading(browser, address, allowed=(401,)) as page:
        sign_in(page, address, "anna", "/live")
        expect(page.locator("#stream-state")).to_have_text("connected")
        sessions.end_all(database[1], "anna")

        expect(page.locator("#notice")).to_contain_text(
            "You aren't signed in any more.", timeout=60_000
        )


# Their form


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
@pytest.mark.parametrize("who", ["vera", "anna"])
def test_what_a_reader_sees_is_accessible(browser, address, who, size, scheme):
    with reading(browser, address, size=size, scheme=scheme) as page:
        page.goto(f"{address}/dashboard/")
        found = {"/login": violations(page)}
        sign_in(page, address, who)
        for view in VIEWS[who]:
            go(page, view)
            found[view] = [*violations(page), *too_wide(page)]

        assert {view: each for view, each in found.items() if each} == {}


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_a_shared_page_is_accessible(browser, address, link, size, scheme):
    with reading(browser, address, size=size, scheme=scheme) as page:
        open_link(page, address, link)

        assert [*violations(page), *too_wide(page)] == []


def too_wide(page: Page) -> list[str]:
    """Whether the page scrolls sideways."""
    fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return [] if fits else ["wider than the screen"]
