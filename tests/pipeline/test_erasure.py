"""An erased listener is in no answer and in no store; everybody else's counts stay exact."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.access import links, sessions, tokens, users
from batch.archive.check import check
from batch.archive.upkeep import optimize
from batch.erasure import negation
from batch.erasure.erase import STEPS, Erased, erase
from batch.erasure.verify import Proof, verify
from listens import codec
from listens import store as collections
from listens.errors import UserMistakeError
from listens.settings import CHECKOUT
from tests.aggregation.listens import listen, plain_count
from tests.pipeline.conftest import Pipeline
from tests.pipeline.exports import Export, made
from tests.pipeline.test_charts_equal_the_files import assert_all_charts, count_of

MORNING = datetime(2024, 1, 5, 8, tzinfo=UTC)

SOAK = (pytest.mark.soak,)
"""For all steps but one: minutes each."""


def erased(pipeline: Pipeline, listener: str = "ann", *, stop_at: str = "") -> Erased:
    """Erase in this process; it fails at the beginning of the step `stop_at`."""

    def tell(step: str) -> None:
        if step == stop_at:
            raise InterruptedError(step)

    return erase(
        lambda: pipeline.spark,
        pipeline.store,
        settings=pipeline.settings,
        listener=listener,
        tell=tell,
    )


def proof(pipeline: Pipeline, listener: str = "ann") -> Proof:
    return verify(pipeline.spark, pipeline.store, settings=pipeline.settings, listener=listener)


def assert_archive_is_whole(pipeline: Pipeline) -> None:
    assert check(pipeline.spark, pipeline.store, settings=pipeline.settings).problems == []


def assert_nobody_knows(pipeline: Pipeline, listener: str) -> None:
    """No answer names the listener, or has a chart of theirs."""
    assert listener not in pipeline.get("/api/slices")["listener"]["items"]
    assert pipeline.get("/api/top-songs", listener=listener)["total"] == 0
    summary = pipeline.get("/api/summary", listener=listener)
    assert (summary["plays"], summary["kinds"], summary["first_day"]) == (0, {}, None)
    assert pipeline.get("/api/timeline", listener=listener)["items"] == []
    recent = pipeline.get("/api/recent", limit=1000)["items"]
    assert listener not in {item["listener_id"] for item in recent}


@pytest.mark.timeout(900)
def test_all_charts_lose_the_listener_on_both_sides_of_the_cut(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    anns = [made(tmp_path, seed, "ann") for seed in (1, 3, 5)]
    bobs = [made(tmp_path, seed, "bob") for seed in (2, 4, 6)]

    def send(*parts: Export) -> None:
        for part in parts:
            pipeline.send_file(part.path, part.listener)

    send(anns[0], bobs[0])
    pipeline.drain()
    first = pipeline.batch()
    send(anns[1], bobs[1])
    pipeline.drain()
    send(anns[2], bobs[2])  # unread when the listener is erased

    done = erased(pipeline)

    assert done.events > 0
    counted = count_of(bobs[:2])
    assert_all_charts(pipeline, counted)
    assert_nobody_knows(pipeline, "ann")
    assert_the_rest_is_known(pipeline, counted)

    pipeline.drain()
    assert_all_charts(pipeline, count_of(bobs))
    assert_nobody_knows(pipeline, "ann")
    accounts = pipeline.command("imports", "--json").stdout
    assert '"ann"' not in accounts
    assert '"balanced": false' not in accounts
    assert_archive_is_whole(pipeline)

    # Rolled back over the erasure, the commits after the older version take back what it holds.
    version = pipeline.batch()
    assert version["audit"].startswith(f"equals version {first['_id']} plus")
    assert_all_charts(pipeline, count_of(bobs))
    assert pipeline.command("batch", "rollback").returncode == 0
    assert_all_charts(pipeline, count_of(bobs))
    assert_nobody_knows(pipeline, "ann")

    send(anns[0])  # comes back
    pipeline.drain()
    back = count_of([*bobs, anns[0]])
    assert_all_charts(pipeline, back)
    assert "ann" in pipeline.get("/api/slices")["listener"]["items"]
    for _ in range(2):
        pipeline.batch()
        assert_all_charts(pipeline, back)

    assert {trace.where for trace in proof(pipeline).traces} == {"archive's files"}
    optimize(pipeline.spark, pipeline.store, settings=pipeline.settings, retention_hours=0)
    assert proof(pipeline).traces == []
    assert_archive_is_whole(pipeline)


def assert_the_rest_is_known(pipeline: Pipeline, counted: Any) -> None:
    """Slices name exactly the values that somebody else has."""
    slices = pipeline.get("/api/slices")
    for by, column in (("country", "country"), ("platform", "platform"), ("daypart", "daypart")):
        assert slices[by]["items"] == counted.values(column)


def some_listens(listener: str, *, first: int, n: int) -> list[dict[str, Any]]:
    return [
        listen(listener, MORNING + timedelta(hours=7 * (first + place)), 40_000, place % 5, "web",
               {"ann": "DE", "bob": "FR"}.get(listener), None, None, "music", True,
               details={"duration_ms": 180_000})
        for place in range(n)
    ]  # fmt: skip


def send(pipeline: Pipeline, *listens: dict[str, Any]) -> None:
    pipeline.send([(one["listener_id"].encode(), codec.encode(one)) for one in listens])


def assert_counts(pipeline: Pipeline, log: list[dict[str, Any]]) -> None:
    """Songs by everyone and by every slice, against the plain count."""
    counted = plain_count(log, "UTC")
    slices = {(by, value) for view, by, value, _, _ in counted if view == "songs"}
    for by, value in slices | {("everyone", ""), ("listener", "ann"), ("country", "DE")}:
        expected: dict[str, int] = {}
        for (view, narrowed, of_value, _, key), sums in counted.items():
            if (view, narrowed, of_value) == ("songs", by, value):
                expected[key.hex()] = expected.get(key.hex(), 0) + sums["plays"]
        names = by.split("+")
        query = {} if by == "everyone" else dict(zip(names, value.split("/"), strict=True))
        answer = pipeline.get("/api/top-songs", **query, limit=1000)
        assert {item["song_id"]: item["plays"] for item in answer["items"]} == expected
        assert answer["total"] == len(expected)
    assert_listeners_and_drop_off(pipeline, log)


def assert_listeners_and_drop_off(pipeline: Pipeline, log: list[dict[str, Any]]) -> None:
    heard = {one["event_id"]: one for one in log if one["kind"] == "music"}.values()
    listeners: dict[str, set[str]] = {}
    for one in heard:
        listeners.setdefault(one["song_id"].hex(), set()).add(one["listener_id"])
    of_known_length = sum(1 for one in heard if one.get("duration_ms"))

    items = pipeline.get("/api/top-songs", by="listeners", limit=1000)["items"]
    found = {item["song_id"]: item["listeners"] for item in items}
    assert found == {song: len(who) for song, who in listeners.items()}
    assert pipeline.get("/api/drop-off")["drop_off"] == [0, 0, of_known_length, *[0] * 7]


@pytest.mark.parametrize(
    "stop_at",
    [pytest.param(step, marks=() if step == "take back" else SOAK) for step in STEPS[1:]],
)
def test_an_erasure_that_failed_is_exact_meanwhile_and_goes_on(
    pipeline: Pipeline, stop_at: str
) -> None:
    anns, bobs = some_listens("ann", first=0, n=12), some_listens("bob", first=0, n=12)
    send(pipeline, *anns[:6], *bobs[:6])
    pipeline.drain()
    pipeline.batch()
    send(pipeline, *anns[6:9], *bobs[6:9])
    pipeline.drain()
    send(pipeline, *anns[9:], anns[0])  # unread

    with pytest.raises(InterruptedError):
        erased(pipeline, stop_at=stop_at)

    # The same listens come anew while it's unfinished: they count, whatever is taken back.
    send(pipeline, *anns[:2], anns[10], *bobs[9:])
    pipeline.drain()
    is_taken_back = stop_at in STEPS[4:]
    live = [*bobs, *anns[:2], anns[10]]
    if is_taken_back:
        assert_counts(pipeline, live)
    assert pipeline.batch()["audit"].startswith("equals version")
    assert pipeline.verify() == []

    done = erased(pipeline)

    assert done.events == 9
    assert_counts(pipeline, live)
    assert pipeline.batch()["audit"].startswith("equals version")
    assert_counts(pipeline, live)
    send(pipeline, anns[0], anns[10], anns[11])  # two repeats, and one that was forgotten
    pipeline.drain()
    assert_counts(pipeline, [*live, anns[11]])
    assert_archive_is_whole(pipeline)
    assert pipeline.store[collections.ERASURES].count_documents({}) == 1


def test_a_history_is_taken_back_part_by_part(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    anns, bobs = some_listens("ann", first=0, n=40), some_listens("bob", first=0, n=12)
    # Repeats of what is in one part stand beside events of other parts.
    send(pipeline, *anns, *bobs, *anns[:20])
    pipeline.drain()
    pipeline.batch()
    monkeypatch.setattr(negation, "EVENTS_A_COMMIT", 9)
    take_back, taken = negation.take_back, []

    def two_parts(*of: Any, **about: Any) -> int:
        if len(taken) == 2:
            raise InterruptedError
        taken.append(take_back(*of, **about))
        return taken[-1]

    with monkeypatch.context() as patch:
        patch.setattr(negation, "take_back", two_parts)
        with pytest.raises(InterruptedError):
            erased(pipeline)
    send(pipeline, anns[0])
    pipeline.drain()
    assert pipeline.batch()["audit"].startswith("equals version")

    done = erased(pipeline)

    assert done.events == 40
    (document,) = pipeline.store[collections.ERASURES].find()
    assert (document["parts"], len(document["negations"])) == (5, 5)
    assert document["negations"][:2] == taken
    assert_counts(pipeline, [*bobs, anns[0]])
    assert pipeline.batch()["audit"].startswith("equals version")
    assert_counts(pipeline, [*bobs, anns[0]])


@pytest.mark.timeout(900)
@pytest.mark.soak
def test_an_erasure_survives_being_killed_at_every_step(pipeline: Pipeline) -> None:
    anns, bobs = some_listens("ann", first=0, n=60), some_listens("bob", first=0, n=20)
    send(pipeline, *anns[:30], *bobs)
    pipeline.drain()
    pipeline.batch()
    send(pipeline, *anns[30:50])
    pipeline.drain()
    send(pipeline, *anns[50:])

    rng = random.Random(7)
    for step in range(2, len(STEPS) + 1):
        kill_in_step(pipeline, step, delay_seconds=rng.choice([0, 0.05, 0.3, 1]))
        died = {"$set": {"alive_at": datetime.now(UTC) - timedelta(minutes=2)}}
        pipeline.store[collections.BATCH_VERSIONS].update_many({"state": "running"}, died)
    done = pipeline.command("erase", "ann", "--yes", "--json")

    assert '"events": ' in done.stdout
    pipeline.drain()
    assert_counts(pipeline, bobs)
    assert_nobody_knows(pipeline, "ann")
    assert_archive_is_whole(pipeline)
    pipeline.batch()
    pipeline.batch()
    assert {trace.where for trace in proof(pipeline).traces} == {"archive's files"}


def kill_in_step(pipeline: Pipeline, step: int, *, delay_seconds: float) -> None:
    """Run the command, and kill it and its JVM soon after it has told of a step."""
    command = [sys.executable, str(CHECKOUT / "playcount"), "erase", "ann", "--yes"]
    running = subprocess.Popen(
        command,
        env=pipeline.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith(f"{step}/"):
            break
    time.sleep(delay_seconds)
    os.killpg(running.pid, signal.SIGKILL)
    running.stderr.close()
    running.wait()


def test_raw_messages_that_were_rejected_go_too(pipeline: Pipeline) -> None:
    theirs, other = some_listens("ann", first=0, n=2), some_listens("bob", first=0, n=2)
    pipeline.send(
        [
            (b"ann", b"no listen"),
            (b"bob", codec.encode(theirs[0])),  # ann's listen under bob's key
            (b"bob", b"no listen either"),
            (b"cleo", codec.encode(other[0])),
        ]
    )
    send(pipeline, theirs[1], other[1])
    pipeline.drain()
    rejected = pipeline.store[collections.REJECTED_EVENTS]
    assert rejected.count_documents({}) == 4
    assert {trace.where for trace in proof(pipeline).traces} >= {"rejected_events", "archive"}

    done = erased(pipeline)

    assert done.events == 1
    assert {document["key"] for document in rejected.find()} == {b"bob", b"cleo"}
    assert rejected.count_documents({}) == 2
    assert_counts(pipeline, [other[1]])
    assert_archive_is_whole(pipeline)
    rows = pipeline.spark.read.format("delta").load(pipeline.settings.archive_table)
    emptied = rows.where("rejection = 'erased'").drop("topic", "partition", "offset", "received_on")
    assert emptied.count() == 3
    assert all(
        value in (None, "erased") for row in emptied.collect() for value in row.asDict().values()
    )


def test_erasing_and_its_proof_are_commands(pipeline: Pipeline, tmp_path: Path) -> None:
    part = made(tmp_path, 1, "ann")
    with part.path.open("a") as file:
        file.write("," * 10 + "\n")
    assert pipeline.send_file(part.path, "ann")["rejected"] == 1
    pipeline.drain()
    pipeline.batch()
    (account,) = pipeline.store[collections.IMPORTS].find()
    rejected_rows = pipeline.settings.rejected_rows / f"{account['_id']}.jsonl"
    assert rejected_rows.exists()

    before = pipeline.command("erase", "ann", "--verify", "--json", check=False)
    pipeline.command("erase", "ann", "--yes")
    # They are files of the machine where the command is given.
    assert not rejected_rows.exists()
    rejected_rows.write_text("{}")
    after = pipeline.command("erase", "ann", "--verify", check=False)

    assert (before.returncode, after.returncode) == (1, 1), before.stderr + after.stderr
    traces = {trace["where"]: trace["what"] for trace in json.loads(before.stdout)["traces"]}
    assert traces.keys() >= {"batch_charts", "imports", "recent_listens", "archive"}
    assert "imports: " not in after.stdout
    assert "rejected rows: 1 files" in after.stdout
    assert "batch_charts: " in after.stdout
    assert "archive's files: " in after.stdout
    assert "archive's log" not in before.stdout + after.stdout
    assert "Exception" not in before.stderr + after.stderr
    assert "Kafka keeps messages until" in after.stdout


def test_who_let_the_listener_in_goes_too(pipeline: Pipeline) -> None:
    send(pipeline, *some_listens("ann", first=0, n=2), *some_listens("bob", first=0, n=1))
    pipeline.drain()
    store = pipeline.store
    for name, role, listener in (("a", "listener", "ann"), ("b", "listener", "bob"),
                                 ("root", "admin", "ann")):  # fmt: skip
        password = "correct horse battery"
        users.add(store, name, role=role, listener=listener, password=password)
        sessions.begin(store, name, hours=1)
    for listener in ("ann", "bob", None):
        tokens.create(store, "a program", scopes={"listens:write"}, listener=listener)
    links.create(store, "ann")
    links.create(store, "bob")
    access = {"users", "tokens", "shared_links"}
    assert {trace.where for trace in proof(pipeline).traces} >= access

    erased(pipeline)

    assert not {trace.where for trace in proof(pipeline).traces} & access
    whose = {each["_id"]: each["listener"] for each in users.listed(store)}
    assert whose == {"b": "bob", "root": None}
    assert {each["user"] for each in store[collections.SESSIONS].find()} == {"b", "root"}
    assert [each["listener"] for each in tokens.listed(store)] == ["bob", None]
    assert [each["listener"] for each in links.listed(store)] == ["bob"]
    # What comes later is of new listening.
    links.create(store, "ann")
    assert not {trace.where for trace in proof(pipeline).traces} & access


def test_nothing_is_erased_while_the_listener_imports(pipeline: Pipeline) -> None:
    now = datetime.now(UTC)
    pipeline.store[collections.IMPORTS].insert_one(
        {"_id": "x", "listener_id": "ann", "state": "reading", "started_at": now, "touched_at": now}
    )

    with pytest.raises(UserMistakeError, match="import x of this listener is running"):
        erased(pipeline)


def test_before_anything_is_counted_there_is_nothing_to_erase(pipeline: Pipeline) -> None:
    with pytest.raises(UserMistakeError, match="nothing has been counted yet"):
        erased(pipeline)
