"""Rankings by distinct listeners where there are too many to look at them all."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from api.analyses.sketch import EVERYBODY, hashes_of
from api.application import create_app
from listens.identity import song_id
from tests.api.documents import Heard, write_commit, write_version
from tests.api.test_search import take_back
from tests.api.test_top import ask

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
LISTENERS, SONGS, LISTENS = 150, 12, 1_200


def heard(seed=1):
    """Sixty days of 150 listeners, of whom some hear more, and some songs are favourites."""
    chance = random.Random(seed)
    return [
        Heard(
            NEW_YEAR + timedelta(hours=chance.randrange(24 * 60)),
            f"song {int(SONGS * chance.random() ** 1.5)}",
            listener=f"listener {int(LISTENERS * chance.random() ** 1.3)}",
        )
        for _ in range(LISTENS)
    ]


LISTENED = heard()
PAIRS = {(each.listener, song_id(each.artist, each.title).hex()) for each in LISTENED}


def in_version(store, listens):
    write_version(store, 1, 0, listens)


def in_commits(store, listens):
    write_commit(store, 1, listens[: len(listens) // 2])
    write_commit(store, 2, listens[len(listens) // 2 :], sharded=True)


def half_in_each(store, listens):
    """Most listeners are on both sides of the cut."""
    write_commit(store, 1, listens[: len(listens) // 2])
    write_version(store, 1, 1, listens[: len(listens) // 2])
    write_commit(store, 2, listens[len(listens) // 2 :], sharded=True)


@pytest.fixture
def looking_at(fresh_database, store):
    """Makes a client of an API that looks at so many pairs of listener and song."""

    def client(pairs):
        settings = fresh_database.model_copy(update={"api_listener_pairs": pairs})
        return create_app(settings, store).test_client()

    return client


def chart(client, **query):
    return ask(client, "/api/top-songs", by="listeners", limit=1000, **query)


def ranked(answer):
    return [(item["song_id"], item["listeners"]) for item in answer["items"]]


def truth():
    """Song → distinct listeners, as DuckDB counts them."""
    rows = [(each.listener, song_id(each.artist, each.title).hex()) for each in LISTENED]
    with duckdb.connect() as database:
        database.execute("CREATE TABLE listens (listener TEXT, song TEXT)")
        database.executemany("INSERT INTO listens VALUES (?, ?)", rows)
        return dict(
            database.execute(
                "SELECT song, count(DISTINCT listener) FROM listens GROUP BY song"
            ).fetchall()
        )


def by_hand(pairs, most):
    """[(song, listeners)] as they're estimated: whole listeners by their hash, while they fit."""
    songs = defaultdict(set)
    for listener, song in pairs:
        songs[int(hashes_of([listener])[0])].add(song)
    seen, room, until = Counter(), most, EVERYBODY
    for listener in sorted(songs):
        room -= len(songs[listener])
        if room < 0:
            until = listener
            break
        seen.update(songs[listener])
    numbers = {song: seen[song] for _, song in pairs}
    order = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    return [
        (song, round(number / (until / EVERYBODY)) if number else None) for song, number in order
    ]


@pytest.mark.parametrize("written", [in_version, in_commits, half_in_each])
def test_an_estimate_hangs_on_what_was_heard_and_not_on_where_it_lies(store, looking_at, written):
    written(store, LISTENED)

    answer = chart(looking_at(300))

    assert answer["listeners_are"] == "estimated"
    assert ranked(answer) == by_hand(PAIRS, 300)
    assert answer["total"] == len(truth())


def test_it_is_as_near_to_the_truth_as_it_says_and_exact_where_all_fits(store, looking_at):
    half_in_each(store, LISTENED)
    expected = truth()

    exact = chart(looking_at(len(PAIRS)))
    is_off = []
    for most in (len(PAIRS) - 1, len(PAIRS) // 2, len(PAIRS) // 4):
        answer = chart(looking_at(most))
        assert answer["listeners_are"] == "estimated"
        for item in answer["items"]:
            off = abs(item["listeners"] - expected[item["song_id"]])
            # Rounding to a whole listener is beside the error.
            is_off.append(off > item["listeners_error"] * item["listeners"] + 0.5)

    assert sum(is_off) <= 0.05 * len(is_off)
    assert exact["listeners_are"] == "exact"
    assert {item["listeners_error"] for item in exact["items"]} == {0}
    assert dict(ranked(exact)) == expected


@pytest.mark.parametrize("window", ["2026-01", "2026-W03", "2026-02-14"])
def test_a_window_is_estimated_by_itself(store, looking_at, window):
    half_in_each(store, LISTENED)
    first, end = {
        "2026-01": (0, 31), "2026-W03": (11, 18), "2026-02-14": (44, 45),
    }[window]  # fmt: skip
    pairs = {
        (each.listener, song_id(each.artist, each.title).hex())
        for each in LISTENED
        if first <= (each.ended_at - NEW_YEAR).days < end
    }
    most = len(pairs) // 2

    answer = chart(looking_at(most), window=window)

    assert answer["listeners_are"] == "estimated"
    assert ranked(answer) == by_hand(pairs, most)


def test_pages_of_an_estimate_fit_together_and_the_room_is_in_the_etag(store, looking_at):
    half_in_each(store, LISTENED)
    every = chart(looking_at(300))["items"]
    other = looking_at(300)  # a process of its own
    pages = [
        ask(other, "/api/top-songs", by="listeners", limit=5, offset=offset)["items"]
        for offset in range(0, len(every), 5)
    ]
    etags = {
        looking_at(most).get("/api/top-songs?by=listeners").headers["ETag"]
        for most in (300, 300, 400)
    }

    assert [item for page in pages for item in page] == every
    assert len(etags) == 2


def test_a_commit_counts_and_an_erased_listener_does_not(store, looking_at):
    half_in_each(store, LISTENED)
    client, name = looking_at(300), "listener 7"
    before = ranked(chart(client))
    new = {(name, song_id("Björk", f"new {number}").hex()) for number in range(3)}

    write_commit(store, 3, [Heard(NEW_YEAR, f"new {n}", listener=name) for n in range(3)])
    with_new = ranked(chart(client))
    take_back(store, 3)

    assert before == by_hand(PAIRS, 300)
    assert with_new == by_hand(PAIRS | new, 300)
    assert ranked(chart(client)) == before


def test_rows_say_by_how_much_they_may_be_off(store, looking_at):
    half_in_each(store, LISTENED)
    client = looking_at(300)
    expected = [(item["listeners"], item["listeners_error"]) for item in chart(client)["items"]]

    table = client.get("/api/top-songs?by=listeners&format=csv&fields=listeners,listeners_error")
    lines = client.get("/api/top-songs?by=listeners&format=jsonl").text.splitlines()

    rows = csv.DictReader(io.StringIO(table.text))
    assert [(int(row["listeners"]), float(row["listeners_error"])) for row in rows] == expected
    assert [
        (row["listeners"], row["listeners_error"]) for row in map(json.loads, lines)
    ] == expected


def test_what_nobody_of_the_share_has_heard_has_no_number(store, looking_at):
    first, *others = sorted((f"listener {n}" for n in range(9)), key=lambda n: hashes_of([n])[0])
    rare = [Heard(NEW_YEAR, "rare", listener=name) for name in others]
    write_commit(store, 1, [Heard(NEW_YEAR, "common", listener=first), *rare])

    items = chart(looking_at(1))["items"]

    assert [(item["title"], item["listeners"] is None) for item in items] == [
        ("common", False),
        ("rare", True),
    ]
    assert items[1]["listeners_error"] is None


def test_a_listener_who_does_not_fit_alone_is_refused_with_the_way_out(store, looking_at):
    write_commit(store, 1, [Heard(NEW_YEAR, "a"), Heard(NEW_YEAR + timedelta(days=40), "b")])
    client = looking_at(1)

    refused = client.get("/api/top-songs?by=listeners")

    assert refused.status_code == 422
    assert "more than 1 songs" in refused.json["detail"]
    assert "shorter window" in refused.json["detail"]
    assert chart(client, window="2026-01")["listeners_are"] == "exact"
