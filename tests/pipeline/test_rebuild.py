"""After MongoDB was lost, the archive gives the same answers, and streaming goes on exactly."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.access import tokens
from batch.archive.check import check
from batch.archive.upkeep import ALIVE_WITHIN
from batch.erasure.erase import erase
from batch.erasure.verify import verify
from batch.rebuild.rebuild import rebuild
from listens import codec
from listens import store as collections
from listens.errors import UserMistakeError
from listens.store import Document
from streaming import application
from tests.pipeline.conftest import Pipeline
from tests.pipeline.exports import made
from tests.pipeline.test_charts_equal_the_files import assert_all_charts, count_of
from tests.pipeline.test_erasure import assert_nobody_knows, some_listens

VIEWS = ("songs", "artists", "albums")


def lose_mongodb(pipeline: Pipeline) -> None:
    pipeline.store.client.drop_database(pipeline.store.name)


def rebuilt(pipeline: Pipeline, *, force: bool = False) -> Document:
    return rebuild(pipeline.spark, pipeline.store, settings=pipeline.settings, force=force)


def answers(pipeline: Pipeline) -> list[Any]:
    """All that the API says, but for the moment that it's said of."""
    slices = pipeline.get("/api/slices")
    narrowed = [{}] + [
        {by: value} for by in ("listener", "country", "platform", "daypart")
        for value in slices[by]["items"]
    ]  # fmt: skip
    asked = [
        pipeline.get(f"/api/top-{view}", **query, window=window, limit=1000)
        for view in VIEWS
        for query in narrowed
        for window in ("all", "2024")
    ]
    asked += [pipeline.get("/api/summary", **query) for query in narrowed]
    asked += [pipeline.get("/api/timeline", **query, grain="month") for query in narrowed]
    asked += [slices, pipeline.get("/api/recent", limit=1000)]
    return [{name: said for name, said in each.items() if name != "as_of"} for each in asked]


def rejections(pipeline: Pipeline) -> list[tuple[int, str, bytes]]:
    documents = pipeline.store[collections.REJECTED_EVENTS].find()
    return sorted((each["_id"]["offset"], each["reason"], each["value"]) for each in documents)


@pytest.mark.timeout(900)
def test_the_same_answers_come_from_the_archive_alone(pipeline: Pipeline, tmp_path: Path) -> None:
    parts = [made(tmp_path, seed, "ann" if seed % 2 else "bob") for seed in (1, 2, 3, 4)]
    for part in parts[:2]:
        pipeline.send_file(part.path, part.listener)
    pipeline.send([(b"ann", b"no listen"), (b"bob", b"\xc3\x01" + bytes(20))])
    pipeline.drain()
    pipeline.batch()
    pipeline.send_file(parts[2].path, parts[2].listener)
    again = pipeline.send_file(parts[0].path, parts[0].listener)
    pipeline.drain()
    pipeline.command("imports")
    before, rejected = answers(pipeline), rejections(pipeline)
    accounts = pipeline.get("/api/imports")["items"]
    pipeline.send_file(parts[3].path, parts[3].listener)  # unread when all is lost
    lose_mongodb(pipeline)

    version = rebuilt(pipeline)

    assert answers(pipeline) == before
    assert rejections(pipeline) == rejected
    assert version["events"] == pipeline.store[collections.SEEN].count_documents({})
    assert_accounts_are_known(pipeline, accounts, again["imports"][0]["import_id"])

    pipeline.drain()
    everything = count_of(parts)
    assert_all_charts(pipeline, everything)
    assert pipeline.batch()["audit"].startswith(f"equals version {version['_id']} plus")
    assert_all_charts(pipeline, everything)
    pipeline.send_file(parts[1].path, parts[1].listener)  # repeats are known, too
    pipeline.drain()
    assert_all_charts(pipeline, everything)
    assert check(pipeline.spark, pipeline.store, settings=pipeline.settings).problems == []


def assert_accounts_are_known(
    pipeline: Pipeline, before: list[dict[str, Any]], repeated: str
) -> None:
    """The balance of what reached Kafka; what the importer rejected is in no archive."""
    after = {each["import_id"]: each for each in pipeline.get("/api/imports")["items"]}
    sent = {each["import_id"]: each for each in before if each["sent"]}
    assert after.keys() >= sent.keys()
    for import_id, account in sent.items():
        for name in ("new", "duplicate", "listener_id", "format", "sent"):
            assert after[import_id][name] == account[name], (import_id, name)
    assert after[repeated]["new"] == 0
    assert '"balanced": false' not in pipeline.command("imports", "--json").stdout


class NoQuery:
    """In the place of the archive's query: it never ran."""

    def awaitTermination(self) -> None:  # noqa: N802 - Spark's name
        """At once."""

    def exception(self) -> None:
        """None."""


def test_a_speed_layer_that_was_ahead_of_the_archive_is_no_gap(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    listens = some_listens("ann", first=0, n=20)
    pipeline.send([(b"ann", codec.encode(one)) for one in listens[:10]])
    pipeline.drain()
    query = application._query
    with monkeypatch.context() as patch:
        patch.setattr(
            application,
            "_query",
            lambda *of, **about: query(*of, **about) if about["name"] == "speed" else NoQuery(),
        )
        pipeline.send([(b"ann", codec.encode(one)) for one in listens[10:]])
        pipeline.drain()
    assert pipeline.get("/api/summary")["plays"] == 20
    lose_mongodb(pipeline)

    version = rebuilt(pipeline)

    assert version["events"] == 10
    pipeline.drain()
    assert pipeline.get("/api/summary")["plays"] == 20


@pytest.mark.parametrize("archived", [pytest.param(0, marks=pytest.mark.soak), 10])
def test_an_erased_listener_stays_erased(pipeline: Pipeline, archived: int) -> None:
    anns, bobs = some_listens("ann", first=0, n=20), some_listens("bob", first=0, n=10)

    def send(*listens: dict[str, Any]) -> None:
        pipeline.send([(one["listener_id"].encode(), codec.encode(one)) for one in listens])

    send(*anns[:archived], *bobs)
    pipeline.drain()
    send(*anns[archived:])  # unread when MongoDB, and with it the tombstone, is lost
    erase(lambda: pipeline.spark, pipeline.store, settings=pipeline.settings, listener="ann")
    lose_mongodb(pipeline)

    pipeline.command("rebuild")
    pipeline.drain()

    assert_nobody_knows(pipeline, "ann")
    assert pipeline.get("/api/summary")["plays"] == len(bobs)
    found = verify(pipeline.spark, pipeline.store, settings=pipeline.settings, listener="ann")
    assert {trace.where for trace in found.traces} == ({"archive's files"} if archived else set())
    send(anns[0])  # comes back
    pipeline.drain()
    assert pipeline.get("/api/summary", listener="ann")["plays"] == 1
    rebuilt(pipeline, force=True)
    assert pipeline.get("/api/summary", listener="ann")["plays"] == 1
    again = verify(pipeline.spark, pipeline.store, settings=pipeline.settings, listener="ann")
    assert again.traces == found.traces


def test_a_database_that_holds_something_is_only_dropped_by_force(pipeline: Pipeline) -> None:
    pipeline.send([(b"ann", codec.encode(one)) for one in some_listens("ann", first=0, n=3)])
    pipeline.drain()
    account = {"_id": "x", "state": "settled", "started_at": datetime.now(UTC)}
    pipeline.store[collections.IMPORTS].insert_one(account)
    token = tokens.create(pipeline.store, "a program", scopes={"admin"})

    with pytest.raises(UserMistakeError, match=r"isn't empty .*speed_commits.*--force drops"):
        rebuilt(pipeline)

    version = rebuilt(pipeline, force=True)
    assert version["events"] == 3
    assert pipeline.get("/api/summary")["plays"] == 3
    assert pipeline.store[collections.IMPORTS].distinct("_id") == ["x"]
    assert tokens.find(pipeline.store, token) is not None


def test_nothing_is_rebuilt_while_streaming_runs(pipeline: Pipeline) -> None:
    pipeline.send([(b"ann", codec.encode(one)) for one in some_listens("ann", first=0, n=3)])
    pipeline.drain()
    lose_mongodb(pipeline)
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(1):
            alive = {"$set": {"at": datetime.now(UTC)}}
            heartbeats = pipeline.store[collections.HEARTBEATS]
            heartbeats.update_one({"_id": "streaming"}, alive, upsert=True)

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        done = pipeline.command("rebuild", check=False)
    finally:
        ended.set()
        beating.join()

    assert done.returncode == 2
    assert "streaming runs" in done.stderr


def test_a_rebuild_waits_for_the_silence_of_an_application_that_was_stopped(
    pipeline: Pipeline,
) -> None:
    pipeline.send([(b"ann", codec.encode(one)) for one in some_listens("ann", first=0, n=3)])
    pipeline.drain()
    lose_mongodb(pipeline)
    last = datetime.now(UTC) - ALIVE_WITHIN + timedelta(seconds=8)
    pipeline.store[collections.HEARTBEATS].insert_one({"_id": "streaming", "at": last})

    assert rebuilt(pipeline)["events"] == 3

    assert datetime.now(UTC) - last >= ALIVE_WITHIN
