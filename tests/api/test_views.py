"""Charts of every view, slices by two, tops, trends, windows and rhythm, counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.documents import Heard, write_commit, write_version
from tests.api.test_top import ask, random_listens

MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)
TUESDAY_NIGHT = datetime(2026, 1, 13, 23, 30, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 3, 15, tzinfo=UTC)


@pytest.fixture
def told(store):
    """Half in a version, half after it."""
    old = [
        Heard(MONDAY, "Jóga", genre="electronic", mood="calm", personality="ENVU", rating=5,
              age=30, duration_ms=400_000, interaction="play"),
        Heard(TUESDAY_NIGHT, "Jóga", genre="electronic", listener="ben", country="SE", age=50,
              completed=True),
    ]  # fmt: skip
    new = [
        Heard(MONDAY + timedelta(minutes=20), "Army of Me", genre="rock", rating=2, skipped=True,
              ms_played=0, personality="ENVU"),
        Heard(FEBRUARY, "Army of Me", genre="rock", personality="FTLC", country="SE"),
        Heard(FEBRUARY, "Jóga", genre="electronic", personality="FTLC"),
        Heard(FEBRUARY + timedelta(minutes=50), "Army of Me", genre="rock"),
    ]  # fmt: skip
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    write_commit(store, 2, new)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("view", "key", "expected"),
    [
        ("genres", "genre", [("electronic", 3), ("rock", 2)]),
        ("countries", "country", [("DE", 3), ("SE", 2)]),
        ("platforms", "platform", [("android", 5)]),
        ("moods", "mood", [("calm", 1)]),
        ("personalities", "personality", [("FTLC", 2), ("ENVU", 1)]),
        ("interactions", "interaction", [("play", 1)]),
        ("listeners", "listener", [("anna", 4), ("ben", 1)]),
    ],
)
def test_every_view_has_a_chart(client, view, key, expected):
    answer = ask(client, f"/api/top-{view}")

    assert [(item[key], item["plays"]) for item in answer["items"]] == expected


@pytest.mark.usefixtures("told")
def test_rates_are_taken_over_both_layers(client):
    [joga, army] = (
        ask(client, "/api/top-songs", by="average_age", order="asc")["items"]
        + ask(client, "/api/top-songs", by="skip_rate", limit=1)["items"]
    )

    assert (joga["title"], joga["average_age"], joga["average_heard"]) == ("Jóga", 40.0, 0.5)
    assert (joga["average_rating"], joga["ratings"]) == (5.0, 1)
    assert (army["title"], army["skip_rate"], army["average_rating"]) == ("Army of Me", 0.3333, 2)


@pytest.mark.usefixtures("told")
def test_slices_combine_where_the_catalogue_says_so(client):
    night = ask(client, "/api/top-songs", listener="ben", daypart="night")["items"]
    swedish = ask(client, "/api/summary", country="SE", daypart="afternoon")
    refused = client.get("/api/top-songs?listener=ben&genre=rock")
    unknown = client.get("/api/top-albums?mood=calm")

    assert [(item["title"], item["plays"]) for item in night] == [("Jóga", 1)]
    assert (swedish["plays"], swedish["songs"], swedish["albums"]) == (1, 1, None)
    assert refused.status_code == 422
    assert "country and daypart or listener and daypart can" in refused.json["detail"]
    assert unknown.json["detail"] == (
        "albums aren't counted by mood; they are by listener, country, platform, daypart"
    )


@pytest.mark.usefixtures("told")
def test_tops_of_every_value_in_one_answer(client):
    answer = ask(client, "/api/tops", entity="songs", per="personality")

    assert [(each["value"], each["items"][0]["title"]) for each in answer["items"]] == [
        ("ENVU", "Jóga"),
        ("FTLC", min("Jóga", "Army of Me", key=_id_of)),
    ]


def _id_of(title: str) -> bytes:
    from listens.identity import song_id

    return song_id("Björk", title)


@pytest.mark.usefixtures("told")
def test_what_rises_is_held_against_the_month_before(client):
    answer = ask(client, "/api/trending", window="2026-02")

    assert answer["items"] == [
        {
            "rank": 1, "song_id": _id_of("Army of Me").hex(), "title": "Army of Me",
            "artist": "Björk", "rise": 2, "now": 2, "before": 0, "chart_rank": 1,
            "chart_rank_before": 2,
        },
    ]  # fmt: skip
    assert client.get("/api/trending").status_code == 422


@pytest.mark.usefixtures("told")
def test_windows_slide_over_minutes(client):
    sliding = ask(client, "/api/windows", entity="songs", size="1h", step="30m",
                  **{"from": "2026-02-03T14:00", "to": "2026-02-03T16:00"})  # fmt: skip
    newest = ask(client, "/api/windows", entity="genres", size="1m", count=1)

    plays = [[(each["title"], each["plays"]) for each in w["items"]] for w in sliding["items"]]
    both = sorted([("Army of Me", 1), ("Jóga", 1)], key=lambda pair: _id_of(pair[0]))
    assert [w["from"] for w in sliding["items"]] == [
        "2026-02-03T14:00", "2026-02-03T14:30", "2026-02-03T15:00", "2026-02-03T15:30",
    ]  # fmt: skip
    assert plays == [[], both, [("Army of Me", 2), ("Jóga", 1)], [("Army of Me", 1)]]
    assert [(w["from"], w["items"][0]["genre"]) for w in newest["items"]] == [
        ("2026-02-03T15:50", "rock")
    ]
    too_many = client.get("/api/windows?size=1m&from=2026-01-01T00:00&to=2026-02-01T00:00")
    assert too_many.status_code == 422


def test_windows_of_an_earlier_moment_are_those_of_then(client, store):
    listens = random_listens(120, seed=11)
    write_commit(store, 1, listens[:40])
    write_version(store, 1, 1, listens[:40])
    write_commit(store, 2, listens[40:80])
    asked = {"entity": "songs", "size": "24h", "count": 1000, "limit": 100}
    newest = ask(client, "/api/windows", entity="songs", size="1m", count=1)
    then = ask(client, "/api/windows", **asked)
    later = Heard(max(listen.ended_at for listen in listens) + timedelta(days=2), "later")
    write_commit(store, 3, [*listens[80:], later])

    now = ask(client, "/api/windows", **asked)

    assert ask(client, "/api/windows", head_seq=2, **asked) == then
    assert ask(client, "/api/windows", entity="songs", size="1m", count=1, head_seq=2) == newest
    assert then["as_of"]["head_seq"] == 2
    assert shown_plays(then) == music_plays(listens[:80])
    assert shown_plays(ask(client, "/api/windows", head_seq=1, **asked)) == music_plays(
        listens[:40]
    )
    assert now["items"][-1]["items"][0]["title"] == "later"
    assert ask(client, "/api/windows", **asked) == now


def test_windows_of_a_moment_that_cant_be_told_say_so(client, store):
    write_commit(store, 1, [])
    write_commit(store, 2, [Heard(MONDAY, "Jóga")])
    write_version(store, 1, 2, [Heard(MONDAY, "Jóga")])

    gone = client.get("/api/windows?head_seq=1")
    unknown = client.get("/api/windows?head_seq=9")

    assert gone.status_code == 410
    assert (unknown.status_code, unknown.json["parameter"]) == (422, "head_seq")


def shown_plays(windows):
    return sum(item["plays"] for window in windows["items"] for item in window["items"])


def music_plays(listens):
    return sum(listen.sums()["plays"] for listen in listens if listen.kind == "music")


@pytest.mark.usefixtures("told")
def test_the_rhythm_of_week_and_day(client):
    answer = ask(client, "/api/rhythm")

    heard = {
        (each["weekday"], each["hour"]): each["plays"] for each in answer["hours"] if each["plays"]
    }
    assert len(answer["hours"]) == 168
    assert heard == {(1, 9): 1, (2, 23): 1, (2, 15): 3}
    assert {name: each["plays"] for name, each in answer["dayparts"].items()} == {
        "night": 1, "morning": 1, "afternoon": 3, "evening": 0,
    }  # fmt: skip
    assert (answer["night"]["plays"], answer["day"]["plays"]) == (1, 4)


@pytest.mark.usefixtures("told")
def test_a_song_has_a_page(client):
    song = _id_of("Jóga").hex()
    page = ask(client, f"/api/songs/{song}")
    january = ask(client, f"/api/songs/{song}", window="2026-01")

    assert (page["title"], page["rank"], page["plays"]) == ("Jóga", 1, 3)
    assert (page["first_day"], page["last_day"]) == ("2026-01-12", "2026-02-03")
    assert [(each["period"], each["plays"]) for each in page["history"]] == [
        ("2026-01", 2), ("2026-02", 1),
    ]  # fmt: skip
    assert [(each["listener"], each["plays"]) for each in page["listeners"]["items"]] == [
        ("anna", 2), ("ben", 1),
    ]  # fmt: skip
    assert page["listeners"]["total"] == 2
    assert page["dayparts"]["night"]["plays"] == 1
    assert (january["plays"], january["last_day"]) == (2, "2026-01-13")
    assert client.get(f"/api/songs/{'0' * 32}").status_code == 404
    assert client.get("/api/songs/jóga").status_code == 404


@pytest.mark.usefixtures("told")
def test_genres_and_listeners_have_pages(client):
    rock = ask(client, "/api/genres/rock")
    nobody = ask(client, "/api/listeners/nobody")
    anna = ask(client, "/api/listeners/anna", window="2026")

    assert (rock["rank"], rock["plays"], rock["songs"]["items"][0]["title"]) == (2, 2, "Army of Me")
    assert (nobody["rank"], nobody["plays"], nobody["personality"]) == (None, 0, None)
    assert (anna["rank"], anna["plays"], anna["days"]) == (1, 4, 2)
    assert anna["longest_streak"] == {"first": "2026-01-12", "last": "2026-01-12", "days": 1}
    assert anna["discoveries"] == {"2026-01": 1, "2026-02": 1}


def test_a_pause_of_more_than_half_an_hour_ends_a_session(client, store):
    def heard(minute: int, ms: int = 60_000) -> Heard:
        return Heard(MONDAY + timedelta(minutes=minute), f"song {minute}", ms_played=ms)

    # Two that touch, one after a pause of just 30 minutes, one after 31; a silent one counts not.
    write_commit(store, 1, [heard(0), heard(1), heard(32), heard(40, 0), heard(65), heard(65)])

    sessions = ask(client, "/api/listeners/anna")["sessions"]

    assert sessions == {
        "count": 2,
        "average_minutes": 17.5,
        "longest": {
            "from": "2026-01-12T08:59", "to": "2026-01-12T09:32", "minutes": 33,
            "ms_played": 180_000,
        },
    }  # fmt: skip


def test_the_four_axes_have_their_numbers(client, store):
    mine = [
        Heard(
            MONDAY + timedelta(days=day), f"song {day % 3}", artist=f"artist {day % 2}", year=year
        )
        for day, year in enumerate([1980, 1980, 2025, 1981, 1982, 2026])
    ]
    theirs = [Heard(MONDAY, "hit", listener="ben", year=2026)] * 3
    write_commit(store, 1, mine[:3])
    write_version(store, 1, 1, mine[:3])
    write_commit(store, 2, [*mine[3:], *theirs])

    page = ask(client, "/api/listeners/anna")

    numbers = {axis["name"]: (axis["value"], axis["letter"]) for axis in page["axes"]}
    assert numbers == {
        "exploration": (1.0, "E"),  # two artists, so six songs
        "newness": (0.3333, "T"),
        "loyalty": (1.0, "L"),
        "commonality": (1.0, "C"),
    }
    assert page["personality"] == "ETLC"
