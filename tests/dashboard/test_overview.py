"""The overview: its numbers are the API's, and its controls are in the address."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.api.documents import Heard, write_commit
from tests.dashboard.conftest import NOW
from tests.dashboard.pages import answer, show, shown, table, texts


def test_the_page_opens_on_all_time_with_the_numbers_of_the_api(page, server):
    page.goto(server)
    shown(page)
    songs = answer(page, server, "/api/top-songs?limit=10")
    artists = answer(page, server, "/api/top-artists?limit=10")
    summary = answer(page, server, "/api/summary")

    assert texts(page, "#songs .row > .value") == [str(item["plays"]) for item in songs["items"]]
    assert texts(page, "#artists .row .name") == [item["artist"] for item in artists["items"]]
    assert texts(page, ".tiles dd:not(.more)") == [
        f"{summary['plays']}",
        f"{summary['ms_played'] / 3_600_000:.1f}",
        f"{summary['songs']}",
        f"{summary['artists']}",
        f"{summary['albums']}",
        f"{summary['skips'] / summary['streams'] * 100:.1f}".removesuffix(".0") + "%",
    ]
    expect(page.locator("#freshness")).to_contain_text("batch 1 + 3 live commits")


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("/?window=2026-11&by=skips", "window=2026-11&by=skips"),
        ("/?window=2026-W47&listener=ben", "window=2026-W47&listener=ben"),
        ("/?genre=R%26B%20%2F%20Soul", "genre=R%26B%20/%20Soul"),
        (
            "/?from=2026-03-05&to=2026-07-09&daypart=night",
            "from=2026-03-05&to=2026-07-09&daypart=night",
        ),
    ],
)
def test_the_address_chooses_what_is_shown(page, server, address, asked):
    show(page, server, address)
    songs = answer(page, server, f"/api/top-songs?limit=10&{asked}")["items"]
    page.locator("#songs summary").click()

    rows = table(page, "#songs")

    assert [row[1:4] + row[5:] for row in rows] == [
        [item["title"], item["artist"], str(item["plays"]), str(item["skips"])] for item in songs
    ]


def test_an_address_of_the_former_page_still_leads_there(page, server):
    page.goto(f"{server}/dashboard/?window=2026-10&listener=anna")
    shown(page)

    expect(page).to_have_url(f"{server}/dashboard/#/?window=2026-10&listener=anna")
    expect(page.locator("#period")).to_have_text("October 2026")


def test_the_timeline_shows_every_period(page, server):
    show(page, server, "/?window=2026-11")
    items = answer(page, server, "/api/timeline?window=2026-11&grain=day")["items"]
    page.locator("#timeline summary").click()

    plays = [int(row[1]) for row in table(page, "#timeline")]

    assert len(plays) == 30
    assert sum(plays) == sum(item["plays"] for item in items)


def test_totals_say_how_much_more_than_before(page, server):
    show(page, server, "/?window=2026-10")
    now, before = (
        answer(page, server, f"/api/summary?window={month}")["plays"]
        for month in ("2026-10", "2026-09")
    )
    change = round((now / before - 1) * 100)

    more = page.locator(".tiles div", has=page.locator("[data-tile=plays]")).locator(".more")

    assert before > 0
    expect(more).to_have_text(f"{change:+}% vs. September 2026".replace("+0%", "0%"))


def test_controls_change_the_address_and_back_brings_it_back(page, server):
    show(page, server)
    page.locator("#kinds").get_by_text("Month").click()
    expect(page.locator("#period")).to_have_text("November 2026")
    page.locator("#previous").click()
    expect(page.locator("#period")).to_have_text("October 2026")
    page.locator("#slice").select_option("listener")
    expect(page).to_have_url(f"{server}/dashboard/#/?window=2026-10&listener=%2541")
    page.locator("#slice-value").select_option("anna")
    expect(page).to_have_url(f"{server}/dashboard/#/?window=2026-10&listener=anna")
    page.locator("#measures").get_by_text("Hours").click()
    expect(page).to_have_url(f"{server}/dashboard/#/?window=2026-10&listener=anna&by=ms_played")

    for _ in range(4):
        page.go_back()
    expect(page.locator("#period")).to_have_text("November 2026")
    expect(page.locator("#slice")).to_have_value("")
    page.reload()
    expect(page.locator("#period")).to_have_text("November 2026")


def test_keys_move_along_the_timeline_and_open_a_period(page, server):
    show(page, server, "/?window=2026")
    page.locator("#timeline .chart").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#timeline .readout")).to_contain_text("February 2026")
    page.keyboard.press("Enter")

    expect(page.locator("#period")).to_have_text("February 2026")


def test_the_brush_sets_the_days_of_all_charts(page, server):
    show(page, server, "/?window=2026")
    bars = page.locator("#timeline .bar")
    third, fifth = bars.nth(2).bounding_box(), bars.nth(4).bounding_box()
    page.mouse.move(third["x"] + 1, third["y"] - 2)
    page.mouse.down()
    page.mouse.move(fifth["x"] + fifth["width"] - 1, fifth["y"] - 2, steps=4)
    page.mouse.up()
    expect(page).to_have_url(f"{server}/dashboard/#/?from=2026-03-01&to=2026-06-01")
    shown(page)

    plays = answer(page, server, "/api/summary?from=2026-03-01&to=2026-06-01")["plays"]
    expect(page.locator("[data-tile=plays]")).to_have_text(str(plays))


def test_a_click_on_the_timeline_opens_a_period(page, server):
    show(page, server, "/?window=2026")
    third = page.locator("#timeline .bar").nth(2).bounding_box()
    page.mouse.click(third["x"] + third["width"] / 2, third["y"] + third["height"] - 2)

    expect(page.locator("#period")).to_have_text("March 2026")


def test_the_week_and_the_map_have_the_numbers_of_the_api(page, server):
    show(page, server)
    hours = answer(page, server, "/api/rhythm")["hours"]
    countries = answer(page, server, "/api/top-countries?limit=250")["items"]
    page.locator("#week summary").click()
    page.locator("#map summary").click()

    assert [int(row[1]) for row in table(page, "#week")] == [hour["plays"] for hour in hours]
    assert [row[1:3] for row in table(page, "#map")] == [
        [NAMES[item["country"]], str(item["plays"])] for item in countries
    ]
    # Singapore is too small for the map: it's in the table alone.
    expect(page.locator("#map path.country:not(.none)")).to_have_count(3)


NAMES = {"DE": "Germany", "SE": "Sweden", "US": "United States", "SG": "Singapore"}


def test_a_chart_that_is_not_counted_by_the_slice_is_left_out(page, server):
    show(page, server, "/?mood=calm")

    expect(page.locator("#songs")).to_be_visible()
    expect(page.locator("#genres")).to_be_hidden()


def test_a_period_without_listens_says_so(page, server):
    show(page, server, "/?window=1999")

    expect(page.locator("#songs .message")).to_have_text("No songs were heard: 1999, everyone.")
    expect(page.locator("#timeline .message")).to_be_visible()
    assert texts(page, ".tiles dd:not(.more)") == ["0", "0.0", "0", "0", "0", "–"]


def test_what_is_counted_anew_shows_at_once(page, server, database):
    """By the stream: what the page asks for by itself comes an hour later."""
    show(page, server)
    before = int(page.locator("[data-tile=plays]").inner_text())
    _, store = database
    seq = store.speed_commits.find_one(sort=[("_id", -1)])["_id"] + 1
    write_commit(store, seq, [Heard(NOW, "Jóga")])

    expect(page.locator("[data-tile=plays]")).to_have_text(str(before + 1), timeout=15_000)


def test_what_was_heard_is_text_and_never_markup(page, server):
    show(page, server, "/charts/songs")

    expect(page.locator("td", has_text="<b>bold</b>").first).to_be_attached()
    assert page.locator("main b").count() == 0
