"""Listens that come in over HTTP count exactly once, however often and by whichever way."""

from __future__ import annotations

from collections import Counter

import liblistenbrainz
import pytest

from tests.api.serving import served

START = 1_768_294_800  # 2026-01-13T09:00:00Z

ROWS = [
    {
        "ts": f"2026-01-{day:02d}T10:00:00Z",
        "ms_played": 60_000 + day,
        "track_name": title,
        "artist_name": "Björk",
        "listener": listener,
    }
    for day in range(1, 11)
    for title, listener in (("Jóga", "anna"), ("Hunter", "ben"), ("Jóga", "ben"))
]
SCROBBLES = [("Jóga", START + 400 * number) for number in range(7)]


def plays_of(pipeline, **query) -> Counter:
    items = pipeline.get("/api/top-songs", limit=100, **query)["items"]
    return Counter({item["title"]: item["plays"] for item in items})


@pytest.fixture
def scrobbler(pipeline):
    """A ListenBrainz client whose listener is `cleo`."""
    with served(pipeline.settings) as address:
        client = liblistenbrainz.ListenBrainz(address)
        client.set_auth_token("cleo")
        yield client


def test_listens_sent_twice_by_both_ways_count_once(pipeline, scrobbler):
    listens = [liblistenbrainz.Listen(title, "Björk", at) for title, at in SCROBBLES]
    for rows in (ROWS, ROWS[:12], list(reversed(ROWS))):
        assert pipeline.client.post("/api/listens", json=rows).status_code == 202
    scrobbler.submit_multiple_listens(listens)
    scrobbler.submit_single_listen(listens[3])
    pipeline.drain()
    scrobbler.submit_multiple_listens(listens)
    assert pipeline.client.post("/api/listens", json=ROWS).status_code == 202
    pipeline.drain()

    # The rows and scrobbles themselves, counted by hand: each is a play, and none is another's.
    expected = Counter(row["track_name"] for row in ROWS)
    expected.update(title for title, _ in SCROBBLES)
    assert plays_of(pipeline) == expected
    assert plays_of(pipeline, listener="anna") == {"Jóga": 10}
    assert plays_of(pipeline, listener="cleo") == {"Jóga": 7}
    assert [each.listened_at for each in scrobbler.get_listens("cleo")] == sorted(
        (at for _, at in SCROBBLES), reverse=True
    )
    pipeline.batch()
    assert plays_of(pipeline) == expected
    assert scrobbler._get("/1/user/cleo/listen-count")["payload"]["count"] == 7


def test_the_same_history_by_file_and_over_http_counts_once(pipeline, tmp_path):
    path = tmp_path / "anna.csv"
    theirs = [row for row in ROWS if row["listener"] == "anna"]
    names = ("ts", "ms_played", "track_name", "artist_name")
    lines = [",".join(names), *(",".join(str(row[name]) for name in names) for row in theirs)]
    path.write_text("\n".join(lines), encoding="utf-8")

    assert pipeline.client.post("/api/listens", json=theirs).status_code == 202
    pipeline.send_file(path, "anna")
    pipeline.drain()

    assert plays_of(pipeline) == {"Jóga": 10}
