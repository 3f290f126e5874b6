"""Rankings by distinct listeners, recounted in plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from listens.identity import song_id
from tests.api.documents import Heard, write_commit, write_version
from tests.api.test_top import ask, random_listens

MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)


def counted(listens, wanted=lambda _: True):
    """[(song id, listeners)], by the slowest way."""
    heard_by = defaultdict(set)
    for listen in listens:
        if listen.kind == "music" and wanted(listen) and any(listen.sums().values()):
            heard_by[song_id(listen.artist, listen.title)].add(listen.listener)
    return [
        (key.hex(), len(who))
        for key, who in sorted(heard_by.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def ranked(client, **query):
    items = ask(client, "/api/top-songs", by="listeners", limit=1000, **query)["items"]
    return [(item["song_id"], item["listeners"]) for item in items]


@pytest.fixture
def told(store):
    """Two thirds in a version, the rest in two commits after it, one of them in shards."""
    listens = random_listens(450, seed=1)
    write_commit(store, 1, listens[:300])
    write_version(store, 1, 1, listens[:300])
    write_commit(store, 2, listens[300:400])
    write_commit(store, 3, listens[400:], sharded=True)
    return listens


def test_a_chart_by_listeners_is_the_count_of_both_layers(client, told):
    assert ranked(client) == counted(told)
    assert len({listeners for _, listeners in counted(told)}) == 2


@pytest.mark.parametrize("window", ["2026", "2026-01", "2026-W03", "2025-04-12"])
def test_each_window_has_listeners_of_its_own(client, told, window):
    expected = counted(told, lambda listen: window in _windows(listen.ended_at))

    assert ranked(client, window=window) == expected
    assert expected


def _windows(moment):
    year, week, _ = moment.isocalendar()
    return {f"{moment:%Y}", f"{moment:%Y-%m}", f"{moment:%Y-%m-%d}", f"{year}-W{week:02d}"}


def test_it_says_what_a_page_says_and_pages_fit_together(client, told):
    items = ask(client, "/api/top-songs", by="listeners", order="asc", limit=3, offset=2)["items"]
    page = ask(client, f"/api/songs/{items[0]['song_id']}")
    every = ask(client, "/api/top-songs", by="listeners", order="asc", limit=1000)["items"]

    assert items == every[2:5]
    assert page["listeners"]["total"] == items[0]["listeners"]
    assert page["plays"] == items[0]["plays"]


def test_the_least_streams_leave_out_what_has_fewer(client, store):
    listens = [Heard(MONDAY, "often"), Heard(MONDAY, "often"), Heard(MONDAY, "once")]
    write_commit(store, 1, listens)

    answer = ask(client, "/api/top-songs", by="listeners", min_count=2)

    assert [(item["title"], item["listeners"]) for item in answer["items"]] == [("often", 1)]
    assert answer["total"] == 1


def test_a_new_commit_counts_at_once_and_everything_by_a_listener_is_able(client, store):
    write_commit(store, 1, [Heard(MONDAY, "a", genre="rock")])
    assert [n for _, n in ranked(client)] == [1]

    later = MONDAY + timedelta(days=30)
    write_commit(store, 2, [Heard(later, "a", genre="rock", listener="ben")])

    assert [n for _, n in ranked(client)] == [2]
    for view in ("artists", "genres", "countries"):
        answer = ask(client, f"/api/top-{view}", by="listeners")
        assert [item["listeners"] for item in answer["items"]] == [2], view


@pytest.mark.parametrize(
    ("path", "parameter", "says"),
    [
        ("/api/top-songs?by=listeners&country=DE", "country", "not of a country"),
        ("/api/top-personalities?by=listeners", "by", "songs, artists, albums"),
        ("/api/tops?entity=songs&per=country&by=listeners", "by", "plays"),
    ],
)
def test_what_has_no_listeners_is_refused(client, path, parameter, says):
    refused = client.get(path)

    assert refused.status_code == 422
    assert refused.json["parameter"] == parameter
    assert says in refused.json["detail"]
