"""Which rows of a file stand for what a format of the other precision has brought."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ingestion import ledger
from ingestion.histories import History
from ingestion.interruption import InterruptedImportError, Interruption
from ingestion.overlap import GAP_MINUTES, RANGES_AT_MOST, Overlap, ranges
from ingestion.settling import NotCountedError, wait_until_comparable
from ingestion.sources import Source
from listens import erasures, identity
from listens.errors import PlaycountError
from listens.rows.normalise import Normaliser
from listens.store import ERASURES, IMPORTS, SEEN, SPEED_COMMITS, connect

MIDNIGHT = datetime(2024, 2, 28, tzinfo=UTC)

Play = tuple[int, str, int]
"""Seconds since midnight, title, milliseconds."""


@pytest.fixture
def store(fresh_database):
    return connect(fresh_database)


def listens(source: str, plays: list[Play], listener: str = "ann") -> list[dict]:
    """As the importer has them of one file."""
    normalise = Normaliser(listener_id=listener, source=source, import_id=None, now_ms=10**13)
    form = "%Y-%m-%d %H:%M" if source == "account" else "%Y-%m-%dT%H:%M:%SZ"
    return [
        normalise(
            number,
            {
                "ts": (MIDNIGHT + timedelta(seconds=second)).strftime(form),
                "ms_played": ms,
                "master_metadata_track_name": title,
                "master_metadata_album_artist_name": "A",
            },
        )
        for number, (second, title, ms) in enumerate(plays, start=1)
    ]


def count(store, rows: list[dict], seq: int = 1) -> int:
    """Put the rows into `seen`, as the speed layer does; how many are new."""
    keys = {
        identity.seen_key(
            row["event_id"], row["listener_id"], row["ended_at"] // 1000, row["song_id"],
            row["ms_played"], to_the_minute=identity.is_to_the_minute(row["source"]),
        )
        for row in rows
    }  # fmt: skip
    known = {each["_id"] for each in store[SEEN].find({"_id": {"$in": sorted(keys)}})}
    if keys - known:
        store[SEEN].insert_many([{"_id": key, "seq": seq} for key in sorted(keys - known)])
    return len(keys - known)


def import_(store, source: str, plays: list[Play], *, at_once: int = 3) -> tuple[int, int, int]:
    """New, duplicate and overlapping rows of one file, looked at some rows at once."""
    overlap = Overlap(store, source=source)
    rows = listens(source, plays)
    parts = [rows[first : first + at_once] for first in range(0, len(rows), at_once)]
    sent = [row for part in parts for row in overlap.without(part)]
    new = count(store, sent)
    return new, len(sent) - new, len(rows) - len(sent)


TWICE = [(3_605, "x", 40_000), (3_640, "x", 40_000), (3_641, "y", 40_000)]


@pytest.mark.parametrize("formats", [("extended", "account"), ("account", "extended")])
def test_the_same_playbacks_in_another_format_add_nothing(store, formats):
    first, second = formats

    assert import_(store, first, TWICE) == (3, 0, 0)
    assert import_(store, second, TWICE) == (0, 0, 3)
    assert import_(store, first, TWICE) == (0, 3, 0)
    assert import_(store, second, TWICE) == (0, 0, 3)


@pytest.mark.parametrize("other", ["csv", "listenbrainz", "lastfm", "maloja"])
def test_every_other_format_knows_the_second(store, other):
    import_(store, "account", TWICE)

    assert import_(store, other, TWICE) == (0, 0, 3)


@pytest.mark.parametrize("formats", [("extended", "account"), ("account", "extended")])
def test_what_only_one_format_has_is_counted(store, formats):
    import_(store, formats[0], TWICE[1:])

    assert import_(store, formats[1], TWICE) == (1, 0, 2)
    assert import_(store, formats[1], TWICE) == (0, 1, 2)


def test_exports_that_end_within_a_minute_add_up_to_the_whole_one(store):
    whole = [(3_605, "x", 1), (3_610, "x", 1), (3_615, "x", 1)]
    import_(store, "extended", whole[:1])

    assert import_(store, "account", whole[:2]) == (1, 0, 1)
    assert import_(store, "extended", whole) == (1, 1, 1)
    assert import_(store, "account", whole) == (0, 1, 2)


@pytest.mark.parametrize(
    "play",
    [(3_600 + 60, "x", 40_000), (3_599, "x", 40_000), (3_605, "z", 40_000), (3_605, "x", 40_001)],
)
def test_another_minute_song_or_time_played_is_another_playback(store, play):
    import_(store, "extended", [(3_605, "x", 40_000)])

    assert import_(store, "account", [play]) == (1, 0, 0)


def test_another_listener_has_playbacks_of_their_own(store):
    count(store, listens("extended", TWICE, listener="bob"))

    assert import_(store, "account", TWICE) == (3, 0, 0)


def test_a_file_of_several_listeners_is_compared_with_each_ones_own(store):
    count(store, listens("extended", TWICE, listener="bob"))
    rows = listens("account", TWICE) + listens("account", TWICE, listener="bob")

    kept = Overlap(store, source="account").without(rows)

    assert [row["listener_id"] for row in kept] == ["ann"] * 3


def test_a_playback_at_the_full_minute_is_one_too(store):
    import_(store, "extended", [(3_600, "x", 1)])

    assert import_(store, "account", [(3_600, "x", 1)]) == (0, 0, 1)


@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_and_however_often_each_playback_counts_once(store, seed):
    rng = random.Random(seed)
    made = [
        (rng.randrange(0, 86_400 * 3, 7) // 100, rng.choice("xy"), rng.choice([0, 30_000]))
        for _ in range(120)
    ]
    files = {
        source: [play for play in made if rng.random() < 0.8] for source in ("extended", "account")
    }
    order = [*rng.choices(["extended", "account"], k=5), "extended", "account"]

    for source in order:
        # Exports aren't sorted, and two of them not alike.
        rng.shuffle(files[source])
        import_(store, source, files[source], at_once=rng.randrange(1, 40))

    minutes = {
        source: Counter((second // 60, title, ms) for second, title, ms in plays)
        for source, plays in files.items()
    }
    expected = minutes["extended"] | minutes["account"]
    assert store[SEEN].count_documents({}) == expected.total()


def test_what_is_being_forgotten_overlaps_with_nothing(store):
    count(store, listens("extended", TWICE), seq=4)
    tombstone = {
        "_id": 5, "digest": erasures.digest_of("ann"), "state": erasures.BEGUN, "counted": {},
        "until": {}, "loaded": {}, "at": MIDNIGHT, "parts": 0, "negations": [], "events": 0,
        "imports": [],
    }  # fmt: skip
    store[ERASURES].insert_one(tombstone)

    assert import_(store, "account", TWICE) == (3, 0, 0)


def test_keys_of_an_earlier_version_are_refused(store):
    store[SEEN].insert_one({"_id": b"\xff" * 17, "seq": 1})

    with pytest.raises(PlaycountError, match="rebuild --force"):
        Overlap(store, source="account")


def test_near_minutes_are_looked_up_at_once_and_far_ones_apart():
    assert ranges([]) == []
    assert ranges([5]) == [(5, 5)]
    assert ranges([5, 6, 7 + GAP_MINUTES]) == [(5, 6), (7 + GAP_MINUTES, 7 + GAP_MINUTES)]
    assert ranges([5, 5 + GAP_MINUTES]) == [(5, 5 + GAP_MINUTES)]


def test_of_many_gaps_the_widest_are_passed_over():
    far = 2 * GAP_MINUTES
    minutes = [number * far for number in range(RANGES_AT_MOST)]
    widest = [minutes[-1] + 9 * far, minutes[-1] + 18 * far]

    found = ranges([*minutes, *widest])

    assert len(found) == RANGES_AT_MOST
    assert found[-2:] == [(widest[0], widest[0]), (widest[1], widest[1])]


def history(format_: str = "account") -> History:
    source = Source("later.json", named=True, opener=lambda: None)
    return History(source, format_, 0, "", 0, None, lambda: iter(()))


def wait(store, format_: str = "account", interruption: Interruption | None = None, seconds=0.1):
    wait_until_comparable(
        store, "ann", history(format_), timeout_seconds=seconds, on_waiting=lambda _: None,
        on_quiet=lambda: None, interruption=interruption or Interruption(),
    )  # fmt: skip


def begun(store, import_id: str, format_: str, listener: str = "ann") -> None:
    ledger.started(store, import_id=import_id, facts={"listener_id": listener, "format": format_})


def test_an_import_waits_for_what_it_may_overlap_with(store):
    begun(store, "i1", "extended")

    with pytest.raises(NotCountedError, match=r"import i1.*nothing of it was sent.*keep-overlap"):
        wait(store)


@pytest.mark.parametrize("state", [ledger.SENT, ledger.INTERRUPTED, ledger.FAILED])
def test_what_was_sent_is_waited_for_until_it_is_counted(store, state):
    begun(store, "i1", "csv")
    ledger.finished(store, "i1", state=state, facts={"end_offsets": {"0": 7}})
    store[SPEED_COMMITS].insert_one({"_id": 0, "until": {"0": 6}})

    def count_later():
        store[SPEED_COMMITS].insert_one({"_id": 1, "until": {"0": 7}})

    with pytest.raises(NotCountedError):
        wait(store)
    counting = threading.Timer(0.5, count_later)
    counting.start()
    wait(store, seconds=60)
    counting.join()


def test_nobody_waits_for_the_same_precision_another_listener_or_what_was_killed(store):
    begun(store, "i1", "account")
    begun(store, "i2", "extended", listener="bob")
    begun(store, "i3", "extended")
    long_ago = datetime.now(UTC) - 2 * ledger.STALE_AFTER
    store[IMPORTS].update_one({"_id": "i3"}, {"$set": {"touched_at": long_ago}})

    wait(store)


def test_a_wait_can_be_interrupted(store):
    begun(store, "i1", "account")
    interruption = Interruption()
    interruption.requested = True

    with pytest.raises(InterruptedImportError, match="nothing of later"):
        wait(store, "extended", interruption, seconds=60)
