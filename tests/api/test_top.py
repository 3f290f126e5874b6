"""The charts, counted by hand and recounted in plain Python."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest

from api.merging import reading
from listens.identity import song_id
from tests.api.documents import START, Heard, point_to, write_commit, write_version

JANUARY = datetime(2026, 1, 13, 9, tzinfo=UTC)
MARCH = datetime(2025, 3, 31, 23, tzinfo=UTC)


def random_listens(n: int, seed: int) -> list[Heard]:
    """Over three years, with many ties."""
    chance = random.Random(seed)
    return [
        Heard(
            MARCH + timedelta(hours=chance.randrange(24 * 800)),
            title=f"song {chance.randrange(30)}",
            artist=f"artist {chance.randrange(4)}",
            album=chance.choice([None, "one", "two"]),
            ms_played=chance.choice([0, 20_000, 30_000, 200_000]),
            listener=chance.choice(["anna", "ben"]),
            country=chance.choice(["DE", "SE", None]),
            platform=chance.choice(["ios", "android"]),
            kind=chance.choice(["music", "music", "podcast"]),
            skipped=chance.random() < 0.3,
        )
        for _ in range(n)
    ]


def counted(listens, by, wanted=lambda _: True):
    """[(song id, value)] of a chart, by the slowest way."""
    counts: Counter[bytes] = Counter()
    for listen in listens:
        if listen.kind == "music" and wanted(listen) and any(listen.sums().values()):
            counts[song_id(listen.artist, listen.title)] += listen.sums()[by]
    return [
        (key.hex(), value) for key, value in sorted(counts.items(), key=lambda i: (-i[1], i[0]))
    ]


def flat(lists):
    return list(chain.from_iterable(lists))


def ask(client, path, **parameters):
    response = client.get(path, query_string=parameters)
    assert response.status_code == 200, response.text
    return response.json


def ranking(client, by="plays", **parameters):
    answer = ask(client, "/api/top-songs", by=by, limit=1000, **parameters)
    assert answer["total"] == len(answer["items"])
    return [(item["song_id"], item[by]) for item in answer["items"]]


def test_an_empty_store_has_an_empty_chart(client):
    answer = ask(client, "/api/top-songs")

    assert answer == {
        "items": [],
        "total": 0,
        "period": {"window": "all", "from": None, "to": None},
        "as_of": {"batch_version": 0, "cut_seq": 0, "head_seq": 0, "offsets": {}, "at": None},
    }


def test_batch_and_speed_add_up(client, store):
    hyperballad, joga = Heard(JANUARY, "Hyperballad"), Heard(JANUARY, "Jóga", ms_played=20_000)
    write_commit(store, 1, [hyperballad, joga])
    write_version(store, 1, 1, [hyperballad, joga])
    write_commit(store, 2, [joga, Heard(START, "Jóga"), Heard(START, "Jóga")])

    answer = ask(client, "/api/top-songs")

    no_rates = {
        "skip_rate": 0, "completion_rate": 0, "average_rating": None, "average_heard": None,
        "average_age": None, "ratings": 0,
    }  # fmt: skip
    assert answer["items"] == [
        {
            "rank": 1,
            "song_id": song_id("Björk", "Jóga").hex(),
            "title": "Jóga",
            "artist": "Björk",
            "plays": 2,
            "streams": 4,
            "skips": 0,
            "completed": 0,
            "ms_played": 440_000,
            "average_ms_played": 110_000,
            **no_rates,
        },
        {
            "rank": 2,
            "song_id": song_id("Björk", "Hyperballad").hex(),
            "title": "Hyperballad",
            "artist": "Björk",
            "plays": 1,
            "streams": 1,
            "skips": 0,
            "completed": 0,
            "ms_played": 200_000,
            "average_ms_played": 200_000,
            **no_rates,
        },
    ]
    assert answer["as_of"] == {
        "batch_version": 1,
        "cut_seq": 1,
        "head_seq": 2,
        "offsets": {"0": 5},
        "at": "2026-11-20T10:00:02Z",
    }


def test_artists_and_albums_have_charts_too(client, store):
    write_commit(
        store, 1, [Heard(JANUARY, "Jóga", album="Homogenic"), Heard(JANUARY, "Army of Me")]
    )

    [artist] = ask(client, "/api/top-artists")["items"]
    [album] = ask(client, "/api/top-albums")["items"]

    assert (artist["artist"], artist["plays"]) == ("Björk", 2)
    assert (album["album"], album["artist"], album["plays"]) == ("Homogenic", "Björk", 1)


@pytest.mark.parametrize("by", ["plays", "ms_played", "streams", "skips"])
@pytest.mark.parametrize("cut", [0, 1, 3])
def test_a_chart_equals_a_plain_count(client, store, by, cut):
    commits = [random_listens(60, seed) for seed in range(4)]
    for seq, listens in enumerate(commits, start=1):
        write_commit(store, seq, listens, sharded=seq % 2 == 0)
    if cut:
        write_version(store, 1, cut, flat(commits[:cut]))
    listens = flat(commits)

    assert ranking(client, by) == counted(listens, by)
    assert ranking(client, by, listener="ben") == counted(
        listens, by, lambda x: x.listener == "ben"
    )
    assert ranking(client, by, country="SE") == counted(listens, by, lambda x: x.country == "SE")
    assert ranking(client, by, daypart="night") == counted(
        listens, by, lambda x: x.daypart == "night"
    )


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        ({"window": "2026"}, "2026-01-01", "2026-12-31"),
        ({"window": "2026-02"}, "2026-02-01", "2026-02-28"),
        ({"window": "2026-W01"}, "2025-12-29", "2026-01-04"),
        ({"window": "2026-05-05"}, "2026-05-05", "2026-05-05"),
        ({"from": "2025-06-15"}, "2025-06-15", "9999-12-31"),
        ({"to": "2026-07-02"}, "0001-01-01", "2026-07-01"),
        ({"from": "2025-04-02", "to": "2027-02-14"}, "2025-04-02", "2027-02-13"),
        ({"from": "1999-01-01", "to": "1999-02-01"}, "1999-01-01", "1999-01-31"),
    ],
)
def test_a_span_counts_its_days_only(client, store, span, first, last):
    old, new = random_listens(300, 1), random_listens(300, 2)
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    write_commit(store, 2, new)

    expected = counted(
        old + new, "plays", lambda listen: first <= listen.ended_at.date().isoformat() <= last
    )

    assert ranking(client, **span) == expected


def test_pages_neither_repeat_nor_skip(client, store):
    old, new = random_listens(200, 3), random_listens(100, 4)
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    write_commit(store, 2, new)
    whole = ask(client, "/api/top-songs", limit=1000)["items"]

    pages = [
        ask(client, "/api/top-songs", limit=7, offset=offset)["items"]
        for offset in range(0, len(whole) + 7, 7)
    ]

    assert flat(pages) == whole
    assert [item["rank"] for item in whole] == list(range(1, len(whole) + 1))


def test_an_offset_beyond_the_chart_is_empty(client, store):
    write_commit(store, 1, [Heard(JANUARY, "Jóga")])

    answer = ask(client, "/api/top-songs", offset=10_000_000)

    assert (answer["items"], answer["total"]) == ([], 1)


def test_commits_after_the_first_answer_are_added(client, store):
    for seq in range(1, 8):
        write_commit(store, seq, random_listens(20, seq))
        listens = flat(random_listens(20, each) for each in range(1, seq + 1))

        assert ranking(client) == counted(listens, "plays")


def test_a_rollback_works_at_once(client, store):
    """The first version is wrong by one listen, as a version may be that is rolled back to."""
    listens = random_listens(50, 5)
    write_commit(store, 1, listens)
    write_version(store, 1, 1, listens[1:])
    write_commit(store, 2, listens)
    write_version(store, 2, 2, listens + listens)
    now = ranking(client)
    point_to(store, 1, None)
    before = ranking(client)
    point_to(store, 2, 1)

    assert now == counted(listens + listens, "plays")
    assert before == counted(listens[1:] + listens, "plays")
    assert ranking(client) == now


def test_a_store_that_was_emptied_is_read_anew(client, store):
    write_commit(store, 1, [Heard(JANUARY, "Jóga")])
    ranking(client)
    for name in store.list_collection_names():
        store[name].delete_many({})
    write_commit(store, 1, [Heard(JANUARY, "Hyperballad")])
    store.speed_commits.update_one({"_id": 1}, {"$set": {"at": START + timedelta(days=9)}})

    assert ranking(client) == [(song_id("Björk", "Hyperballad").hex(), 1)]


@pytest.mark.parametrize("before", [0, 1])
def test_a_version_that_is_replaced_while_it_is_read_is_not_answered_from(
    client, store, monkeypatch, before
):
    """Its segments may be gone already: the answer takes the version that is there now."""
    listens = random_listens(50, 6)
    write_commit(store, 1, listens)
    if before:
        write_version(store, 1, 1, listens)
    write_commit(store, 2, listens)
    read = reading.segments

    def replaced_meanwhile(*arguments):
        monkeypatch.setattr(reading, "segments", read)
        write_version(store, 2, 2, listens + listens)
        write_version(store, 3, 2, listens + listens)
        store.speed_segments.delete_many({})
        store.batch_versions.update_many({"_id": {"$lt": 2}}, {"$unset": {"windows": ""}})
        return read(*arguments)

    monkeypatch.setattr(reading, "segments", replaced_meanwhile)

    assert ranking(client) == counted(listens + listens, "plays")


def test_a_first_version_is_taken_at_once(client, store, monkeypatch):
    """The segments before its cut are gone with it: there is no version to go back to."""
    listens = random_listens(50, 7)
    write_commit(store, 1, listens)
    read = reading.segments

    def published_meanwhile(*arguments):
        monkeypatch.setattr(reading, "segments", read)
        write_version(store, 1, 1, listens)
        store.speed_segments.delete_many({})
        return read(*arguments)

    monkeypatch.setattr(reading, "segments", published_meanwhile)

    assert ranking(client) == counted(listens, "plays")


def test_a_version_that_is_nowhere_is_a_503(client, store):
    point_to(store, 7, 6)

    response = client.get("/api/top-songs")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"


def test_an_id_may_end_with_nul(client, store):
    """Numpy drops NULs at the end of a text; one id in 256 ends with one."""
    title = next(str(n) for n in range(10_000) if song_id("Björk", str(n)).endswith(b"\0"))
    write_commit(store, 1, [Heard(JANUARY, title)])

    [item] = ask(client, "/api/top-songs")["items"]

    assert (item["title"], item["song_id"]) == (title, song_id("Björk", title).hex())
