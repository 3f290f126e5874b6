"""Charts, pages, live, comparison and pipeline: what they show is what the API answers."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from listens.identity import song_id
from tests.api.documents import Heard, write_commit
from tests.conftest import free_ports
from tests.dashboard.conftest import LISTENERS, NOW, serving, wait_for
from tests.dashboard.pages import answer, show, shown, table, texts


def test_charts_are_sorted_by_the_heading_that_is_pressed(page, server):
    show(page, server, "/charts/artists")
    page.get_by_role("button", name="Skip rate").click()
    expect(page.get_by_role("button", name="Skip rate ↓")).to_be_visible()
    page.get_by_role("button", name="Skip rate ↓").click()
    expect(page).to_have_url(f"{server}/dashboard/#/charts/artists?by=skip_rate&order=asc")
    shown(page)
    items = answer(page, server, "/api/top-artists?by=skip_rate&order=asc&limit=50")["items"]

    assert [row[1] for row in table(page, ".table-box")] == [item["artist"] for item in items]
    expect(page.locator("th[aria-sort=ascending]")).to_have_count(1)


def test_pages_of_a_chart_follow_each_other(page, server):
    show(page, server, "/charts/songs")
    total = answer(page, server, "/api/top-songs?limit=1")["total"]
    expect(page.locator("#range-shown")).to_have_text(f"1–50 of {total}")
    page.locator("#after").click()
    expect(page.locator("#range-shown")).to_have_text(f"51–100 of {total}")
    items = answer(page, server, "/api/top-songs?limit=50&offset=50")["items"]

    assert [row[:2] for row in table(page, ".table-box")] == [
        [str(item["rank"]), item["title"]] for item in items
    ]
    page.go_back()
    expect(page.locator("#range-shown")).to_have_text(f"1–50 of {total}")


def test_what_is_searched_is_found_without_accents(page, server):
    show(page, server, "/charts/songs")
    page.get_by_role("searchbox").fill("joga bjo")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#range-shown")).to_contain_text("1 found")

    assert [row[1:3] for row in table(page, ".table-box")] == [["Jóga", "Björk"]]


def test_trending_songs_are_those_of_the_api(page, server):
    show(page, server, "/charts/songs?window=2026-11&mode=trending")
    items = answer(page, server, "/api/trending?entity=songs&window=2026-11&limit=50")["items"]

    assert items
    assert [[row[0], row[1], row[3]] for row in table(page, ".table-box")] == [
        [str(item["rank"]), item["title"], str(item["rise"])] for item in items
    ]


def test_songs_of_the_most_listeners_are_those_of_the_api(page, server):
    show(page, server, "/charts/songs")
    page.get_by_text("Most listeners", exact=True).click()
    expect(page).to_have_url(f"{server}/dashboard/#/charts/songs?mode=listeners")
    expect(page.get_by_role("button", name="Listeners ↓")).to_be_visible()
    most = answer(page, server, "/api/top-songs?by=listeners&limit=50")["items"]

    assert columns(page, 1, 3) == [[item["title"], str(item["listeners"])] for item in most]
    page.get_by_role("button", name="Listeners ↓").click()
    expect(page).to_have_url(f"{server}/dashboard/#/charts/songs?mode=listeners&order=asc")
    expect(page.get_by_role("button", name="Listeners ↑")).to_be_visible()
    shown(page)
    least = answer(page, server, "/api/top-songs?by=listeners&order=asc&limit=50")["items"]
    assert columns(page, 1, 3) == [[item["title"], str(item["listeners"])] for item in least]


def test_estimated_listeners_are_told_with_their_error(browser, database):
    settings = database[0].model_copy(update={"api_port": free_ports()["api_port"]})
    process = serving(settings, PLAYCOUNT_API_LISTENER_PAIRS="250")
    address = wait_for(settings)
    page = browser.new_page(locale="en-GB")
    show(page, address, "/charts/songs?mode=listeners")
    told = answer(page, address, "/api/top-songs?by=listeners&limit=50")
    process.terminate()

    assert told["listeners_are"] == "estimated"
    assert columns(page, 3, 4) == [
        [f"≈ {item['listeners']}", f"{round(100 * item['listeners_error'], 1):g}%"]
        for item in told["items"]
        if item["listeners"] is not None
    ]
    page.close()
    process.wait(timeout=20)


def columns(page: Page, *places: int) -> list[list[str]]:
    """Some cells of each row that has a number in the last of them."""
    rows = [[row[place] for place in places] for row in table(page, ".table-box")]
    return [row for row in rows if row[-1] != "–"]


def test_listeners_are_counted_among_everyones_listens(page, server):
    show(page, server, "/charts/songs?mode=listeners&platform=ios")
    expect(page.locator("#none")).to_contain_text("choose no selection")
    show(page, server, "/charts/listeners?mode=listeners")
    expect(page.locator("#none")).to_contain_text("choose another chart")


def test_all_time_has_nothing_before_it(page, server):
    show(page, server, "/charts/songs?mode=trending")

    expect(page.locator("#none")).to_contain_text("What rises needs a period before")


def test_a_name_leads_to_its_page_and_back(page, server):
    show(page, server, "/?window=2026")
    link = page.locator("#songs .name").first
    title = link.inner_text()
    song = answer(page, server, "/api/top-songs?window=2026&limit=1")["items"][0]
    link.click()
    expect(page).to_have_url(f"{server}/dashboard/#/songs/{song['song_id']}?window=2026")
    expect(page.locator("h1")).to_have_text(title)
    shown(page)

    expect(page.locator("[data-tile=rank]")).to_have_text("1")
    expect(page.locator("[data-tile=plays]")).to_have_text(str(song["plays"]))
    page.go_back()
    expect(page.locator("h1")).to_have_text("Overview")


@pytest.mark.parametrize("entity", ["songs", "artists", "albums", "genres"])
def test_a_page_has_the_numbers_of_the_api(page, server, entity):
    names = {"songs": "song_id", "artists": "artist_id", "albums": "album_id", "genres": "genre"}
    key = answer(page, server, f"/api/top-{entity}?limit=2")["items"][1][names[entity]]
    show(page, server, f"/{entity}/{quote(key, safe='')}")
    item = answer(page, server, f"/api/{entity}/{quote(key)}")
    page.locator("#history summary").click()
    page.locator("#rank summary").click()

    expect(page.locator("[data-tile=rank]")).to_have_text("2")
    assert [int(row[1]) for row in table(page, "#history")] == [
        month["plays"] for month in item["history"]
    ]
    november = answer(page, server, f"/api/{entity}/{quote(key)}?window=2026-11")
    last = table(page, "#rank")[-1]
    assert last == ["November 2026", str(november["rank"] or "–")]
    assert texts(page, "#listeners .name") == [
        each["listener"] for each in item["listeners"]["items"]
    ]


def test_a_song_shows_where_it_is_left(page, server, database):
    heard_ms = [0, 20_000, 30_000, 199_999, 200_000, 900_000]
    commit_now(
        database[1],
        [Heard(NOW, "Left", ms_played=ms, duration_ms=200_000) for ms in heard_ms]
        + [Heard(NOW, "Left", ms_played=200_000)],  # of unknown length
    )
    key = song_id("Björk", "Left").hex()
    show(page, server, f"/songs/{key}")
    page.locator("#drop-off summary").click()
    streams = [0, 2, 0, 0, 0, 0, 0, 0, 0, 3]  # 0 ms is no stream

    assert answer(page, server, f"/api/songs/{key}")["drop_off"] == streams
    assert table(page, "#drop-off") == [
        [f"{10 * place}% – {10 * place + 10}%", str(number)] for place, number in enumerate(streams)
    ]
    assert texts(page, "#drop-off .value") == ["60%" if n == 3 else f"{20 * n}%" for n in streams]
    bars = page.locator("#drop-off .bar").evaluate_all("(bars) => bars.map((b) => b.style.width)")
    assert [round(float(width.rstrip("%"))) for width in bars] == [0, 67, 0, 0, 0, 0, 0, 0, 0, 100]
    expect(page.locator("#drop-off figcaption")).to_have_text(
        "60% of 5 streams went through to the last tenth."
    )


def test_a_song_whose_length_is_unknown_says_so(page, server, database):
    commit_now(database[1], [Heard(NOW, "Of any length")])
    show(page, server, f"/songs/{song_id('Björk', 'Of any length').hex()}")

    expect(page.locator("#drop-off .message")).to_have_text(
        re.compile(r"^Of no stream is the track's length known: All time, .?Of any length.?\.$")
    )


def test_a_chart_is_downloaded_as_the_api_tells_it(page, server, database, tmp_path):
    names = [('Käse, "Brot"', "Die Ärzte, live"), ("two\nlines; one", "Sigur Rós"), ("'", "戦場")]
    commit_now(database[1], [Heard(NOW, title, artist) for title, artist in names])
    show(page, server, "/charts/songs?window=2026-11&by=skips&order=asc")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    saved = tmp_path / "chart.csv"
    download.value.save_as(saved)
    asked = "/api/top-songs?window=2026-11&by=skips&order=asc&limit=1000"
    items = answer(page, server, asked)["items"]
    rows = list(csv.DictReader(io.StringIO(saved.read_bytes().decode("utf-8-sig"), newline="")))

    assert download.value.suggested_filename == "top-songs.csv"
    compared = page.request.get(f"{server}{asked}&compare=previous&format=csv")
    assert saved.read_bytes() == compared.body()
    assert len(rows) == len(items) > 40
    for name in ("rank", "title", "artist", "plays", "skips"):
        assert [row[name] for row in rows] == [str(item[name]) for item in items]
    assert set(names) <= {(row["title"], row["artist"]) for row in rows}


@pytest.mark.parametrize("listener", LISTENERS)
def test_a_listener_has_a_page_whatever_the_name(page, server, listener):
    show(page, server, f"/listeners/{quote(listener, safe='')}?window=2026")
    item = answer(page, server, f"/api/listeners/{quote(listener)}?window=2026")

    expect(page.locator("h1")).to_have_text(listener)
    expect(page.locator("#letters")).to_have_text(item["personality"] or "not known yet")
    expect(page.locator(".axes li")).to_have_count(4)
    expect(page.locator("[data-tile=days]")).to_have_text(str(item["days"]))
    expect(page.locator(".facts")).to_contain_text(f"{item['longest_streak']['days']} day")
    assert texts(page, "#songs .name") == [each["title"] for each in item["songs"]["items"]]


def test_a_year_in_review_is_saved_as_a_picture(page, server, tmp_path):
    show(page, server, "/listeners/anna?window=2026")
    with page.expect_download() as download:
        page.locator("#save").click()
    saved = tmp_path / "review.png"
    download.value.save_as(saved)

    assert download.value.suggested_filename == "playcount-anna-2026.png"
    assert saved.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_live_table_shows_what_fits_all_filters(page, server):
    show(page, server, "/live")
    page.locator("#filter-platform").select_option("ios")
    page.locator("#filter-skipped").select_option("false")
    page.locator("#filter-artist").fill("björk")
    page.locator("#filter-artist").press("Enter")
    expect(page).to_have_url(re.compile(r"artist=bj%C3%B6rk"))
    shown(page)
    recent = answer(
        page, server, "/api/recent?limit=100&platform=ios&skipped=false&artist=bj%C3%B6rk"
    )

    assert recent["items"]
    assert [row[1] for row in table(page, "#listens")] == [
        item["title"] for item in recent["items"]
    ]
    expect(page.locator("#kept")).to_contain_text(f"{recent['total']} of the newest")
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="Live").click()
    expect(page.locator("#filter-platform")).to_have_value("ios")


def test_a_listen_shows_in_the_live_table_as_it_arrives(page, server, database):
    show(page, server, "/live")
    expect(page.locator("#stream-state")).to_have_text("connected")
    _, store = database
    seq = store.speed_commits.find_one(sort=[("_id", -1)])["_id"] + 1
    newest = NOW + timedelta(minutes=seq)
    hour_before, ten_minutes_before = newest - timedelta(hours=1), newest - timedelta(minutes=10)
    heard = [Heard(newest, f"Arrived {seq}"), Heard(ten_minutes_before, f"Earlier {seq}")]
    write_commit(store, seq, [*heard, Heard(hour_before, f"Long ago {seq}")])

    expect(page.locator("#listens tbody tr").first).to_contain_text(
        f"Arrived {seq}", timeout=15_000
    )
    expect(page.locator("#rate")).to_have_text("0.05")  # three in 60 s
    sliding = page.locator("#sliding .name")
    expect(sliding.filter(has_text=f"Arrived {seq}")).to_be_visible(timeout=15_000)
    expect(sliding.filter(has_text=f"Earlier {seq}")).to_be_visible()
    expect(sliding.filter(has_text=f"Long ago {seq}")).to_have_count(0)


def commit_now(store, listens):
    """Count some more listens."""
    seq = store.speed_commits.find_one(sort=[("_id", -1)])["_id"] + 1
    write_commit(store, seq, listens)


def test_two_listeners_are_compared(page, server):
    show(page, server, "/compare?a=anna&b=ben&window=2026")
    sums = [
        answer(page, server, f"/api/summary?window=2026&listener={name}")["plays"]
        for name in ("anna", "ben")
    ]

    assert table(page, "section .table-box")[0][:3] == ["Plays", *map(str, sums)]
    for side, name in (("a", "anna"), ("b", "ben")):
        asked = f"/api/top-songs?window=2026&listener={name}&limit=10"
        plays = [str(item["plays"]) for item in answer(page, server, asked)["items"]]
        assert texts(page, f"#songs-{side} .value") == plays


def test_two_periods_are_compared(page, server):
    show(page, server, "/compare?periods=yes&window=2026-10")
    sums = [
        answer(page, server, f"/api/summary?window={month}")["plays"]
        for month in ("2026-09", "2026-10")
    ]

    assert table(page, "section .table-box")[0][:3] == ["Plays", *map(str, sums)]
    page.locator("#side-a").select_option("2026-08")
    expect(page).to_have_url(re.compile(r"a=2026-08"))
    expect(page.locator("#songs-a h2")).to_have_text("August 2026: songs")


def test_the_pipeline_says_what_became_of_every_row(page, server):
    show(page, server, "/pipeline")
    status = answer(page, server, "/api/status")
    imports = {row[1]: row for row in table(page, "#imports")}

    assert imports["Streaming_History_Audio_2024.json"][3:] == [
        "settled", "600", "570", "10", "5", "15", "no time: 9; no title: 6", "even",
    ]  # fmt: skip
    assert imports["b.csv"][-1] == "open"
    assert [row[0] for row in table(page, "#versions")] == [
        str(each["version"]) for each in status["versions"]
    ]
    expect(page.locator("[data-tile=live]")).to_have_text(
        str(status["as_of"]["head_seq"] - status["as_of"]["cut_seq"])
    )
