"""Windows relative to now and to the newest data, comparison, and pages of one moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.application import create_app
from tests.api.documents import Heard, write_commit, write_version
from tests.api.test_top import ask

MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
PODCAST = Heard(MARCH + timedelta(days=40), "The News", kind="podcast")


class Watch:
    """A clock that is set by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch():
    return Watch(MARCH)


@pytest.fixture
def client(fresh_database, store, watch):
    return create_app(fresh_database, store, clock=watch).test_client()


@pytest.fixture
def heard(store):
    """In a version: three plays of February; since then, two of March, and a later podcast."""
    february = [
        Heard(MARCH - timedelta(days=1), "Jóga"),
        Heard(MARCH - timedelta(days=10), "Jóga"),
        Heard(MARCH - timedelta(days=10), "Bachelorette", listener="ben"),
    ]
    write_commit(store, 1, february)
    write_version(store, 1, 1, february)
    write_commit(store, 2, [Heard(MARCH, "Bachelorette"), Heard(MARCH, "Hunter"), PODCAST])


def titles(answer):
    return [(item["title"], item["plays"]) for item in answer["items"]]


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize(
    ("window", "plays", "period"),
    [
        ("today", 2, ("2026-03-01", "2026-03-01", "2026-03-02")),
        ("yesterday", 1, ("2026-02-28", "2026-02-28", "2026-03-01")),
        ("this-week", 3, ("2026-W09", "2026-02-23", "2026-03-02")),
        ("last-month", 3, ("2026-02", "2026-02-01", "2026-03-01")),
        ("last-7-days", 3, ("2026-W09", "2026-02-23", "2026-03-02")),
        ("last-30-days", 5, (None, "2026-01-31", "2026-03-02")),
        ("this-year", 5, ("2026", "2026-01-01", "2027-01-01")),
        ("newest-day", 2, ("2026-03-01", "2026-03-01", "2026-03-02")),
        ("newest-month", 2, ("2026-03", "2026-03-01", "2026-04-01")),
        ("2026-02", 3, ("2026-02", "2026-02-01", "2026-03-01")),
        ("all", 5, ("all", None, None)),
    ],
)
def test_an_answer_tells_which_days_it_counts(client, window, plays, period):
    for path in ("/api/summary", "/api/top-songs", "/api/timeline", "/api/listeners/anna"):
        told = ask(client, path, window=window)["period"]
        assert (told["window"], told["from"], told["to"]) == period

    assert ask(client, "/api/summary", window=window)["plays"] == plays


@pytest.mark.usefixtures("heard")
def test_today_is_that_of_the_reporting_zone(fresh_database, store, watch):
    watch.now = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    berlin = fresh_database.model_copy(update={"time_zone": "Europe/Berlin"})
    client = create_app(berlin, store, clock=watch).test_client()

    assert ask(client, "/api/summary", window="today")["period"]["from"] == "2026-03-01"


@pytest.mark.usefixtures("heard")
def test_a_new_day_has_a_new_etag_where_the_window_is_relative_to_it(client, watch):
    def etags():
        return {
            window: client.get(f"/api/top-songs?window={window}").headers["ETag"]
            for window in ("today", "this-year", "newest-day", "2026-03")
        }

    before = etags()
    assert etags() == before
    watch.now += timedelta(days=1)
    after = etags()

    assert {window for window, etag in after.items() if etag != before[window]} == {
        "today", "this-year",
    }  # fmt: skip
    headers = {"If-None-Match": before["today"]}
    answer = client.get("/api/top-songs?window=today", headers=headers)
    assert (answer.status_code, answer.json["total"]) == (200, 0)


@pytest.mark.usefixtures("heard")
def test_the_newest_day_goes_with_the_data(client, store):
    etag = client.get("/api/top-songs?window=newest-day").headers["ETag"]
    write_commit(store, 3, [Heard(MARCH + timedelta(days=50), "Hunter")])

    answer = client.get("/api/top-songs?window=newest-day", headers={"If-None-Match": etag})

    assert answer.json["period"]["window"] == "2026-04-20"
    assert titles(answer.json) == [("Hunter", 1)]


def test_without_data_the_newest_window_is_empty(client):
    answer = ask(client, "/api/top-songs", window="newest-month", compare="previous")

    assert answer["items"] == []
    assert answer["period"] == {"window": None, "from": None, "to": None}


@pytest.mark.usefixtures("heard")
def test_a_chart_is_held_against_the_month_before(client):
    items = ask(client, "/api/top-songs", window="2026-03", compare="previous", by="plays")["items"]

    told = {
        item["title"]: (item["rank_before"], item["rank_change"], item["plays_before"])
        for item in items
    }
    bachelorette = next(item["rank"] for item in items if item["title"] == "Bachelorette")
    assert told == {"Bachelorette": (2, 2 - bachelorette, 1), "Hunter": (None, None, 0)}


@pytest.mark.usefixtures("heard")
def test_ranks_before_are_those_of_the_chart_before_whatever_ranks(client):
    for order in ({"by": "ms_played"}, {"by": "skip_rate", "order": "asc"}, {"min_count": 1}):
        now = ask(client, "/api/top-songs", window="2026-03", compare="previous", **order)["items"]
        then = ask(client, "/api/top-songs", window="2026-02", **order)["items"]
        ranks = {item["song_id"]: item["rank"] for item in then}

        assert [item["rank_before"] for item in now] == [ranks.get(each["song_id"]) for each in now]


@pytest.mark.usefixtures("heard")
def test_a_summary_has_that_of_the_period_before(client):
    answer = ask(client, "/api/summary", window="2026-03", compare="previous")
    before = answer["before"]
    february = ask(client, "/api/summary", window="2026-02")

    assert (answer["plays"], before["plays"], before["songs"]) == (2, 3, 2)
    assert before == {name: value for name, value in february.items() if name != "as_of"}


@pytest.mark.parametrize("path", ["/api/top-songs", "/api/summary"])
@pytest.mark.parametrize("window", ["window=all", "from=2026-01-01", "to=2026-01-01", ""])
def test_all_time_has_no_period_before(unconnected_client, path, window):
    response = unconnected_client.get(f"{path}?compare=previous&{window}")

    assert (response.status_code, response.json["parameter"]) == (422, "compare")


@pytest.mark.usefixtures("heard")
def test_pages_of_one_moment_fit_together_while_commits_come_in(client, store):
    first = ask(client, "/api/top-songs", limit=2)
    write_commit(store, 3, [Heard(MARCH, "Hunter"), Heard(MARCH, "Hunter"), Heard(MARCH, "Human")])
    moment = first["as_of"]["head_seq"]

    second = ask(client, "/api/top-songs", limit=2, offset=2, head_seq=moment)
    again = ask(client, "/api/top-songs", limit=2, head_seq=moment)

    assert titles(first) == [("Jóga", 2), ("Bachelorette", 2)] or titles(first) == [
        ("Bachelorette", 2), ("Jóga", 2),
    ]  # fmt: skip
    assert titles(second) == [("Hunter", 1)]
    assert again == first
    assert second["as_of"] == first["as_of"]
    assert titles(ask(client, "/api/top-songs", limit=1)) == [("Hunter", 3)]


@pytest.mark.usefixtures("heard")
def test_a_moment_that_a_batch_or_an_erasure_has_passed_is_gone(client, store):
    assert ask(client, "/api/summary", head_seq=1)["plays"] == 3
    assert client.get("/api/summary?head_seq=0").status_code == 410
    assert client.get("/api/summary?head_seq=3").json["parameter"] == "head_seq"
    write_commit(store, 3, [])
    store.erasures.insert_one({"_id": 3, "digest": "0", "negations": []})

    response = client.get("/api/summary?head_seq=2")

    assert (response.status_code, response.content_type) == (410, "application/problem+json")
    assert ask(client, "/api/summary", head_seq=3)["plays"] == 5
    write_commit(store, 4, [])
    store.erasures.update_one({"_id": 3}, {"$set": {"negations": [4]}})
    assert client.get("/api/summary?head_seq=3").status_code == 410
    assert ask(client, "/api/summary", head_seq=4)["plays"] == 5
