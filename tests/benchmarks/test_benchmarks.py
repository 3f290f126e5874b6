"""Measures; asserts nothing of time. `make bench` runs all, `-k` one of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from listens.brokers import ensure_topic
from listens.settings import CHECKOUT
from listens.store import BATCH_CHARTS
from stack import lifecycle
from stack.processes import settings_environment
from tests.benchmarks import batch_layout, batch_steps, history, latency, requests, throughput
from tests.benchmarks.conftest import Scale
from tests.benchmarks.figures import Figures, timed
from tests.benchmarks.installation import Client, Installation, simulate_file
from tests.conftest import free_ports

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600)]

IMPORT_ROWS = 150_000
BULK_ROWS = 1_000_000
BATCH_EVENTS = 1_000_000
BATCH_LISTENERS = 50
LAYOUT_EVENTS = 30_000
LAYOUT_QUESTIONS = 300
ANSWER_ROUNDS = 100
LIVE_ROWS = 5_000
WRK_SECONDS = 5
LIVE_SECONDS, WARM_UP_SECONDS = 60, 10
AGAIN_MILLIONS = 10
"""Of more, the batch runs once."""

MANY_SONGS = 1_000_000

# As the importer's own: what compares is the work on the rows, not the client's options.
SAME_OPTIONS = {"compression_type": "zstd", "linger_ms": 50, "batch_size": 512 * 1024}

_ROW = re.compile(r"^(\w.*?) {2,}([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)$", re.MULTILINE)


def test_import(services: Installation, figures: Figures, scale: Scale, tmp_path: Path) -> None:
    target = services.beside("import")
    ensure_topic(target.settings)
    rows = scale.of(IMPORT_ROWS)
    file = simulate_file(tmp_path / "history.csv", rows=rows, seed=1)
    whole, within, entry = throughput.import_rate(target, file)
    plain = throughput.plain_rate(target, rows=rows, **SAME_OPTIONS)
    bare = throughput.plain_rate(target, rows=rows)

    assert entry["read"] == entry["sent"] == rows
    figures.record("plain client, the importer's options", plain, "messages/s")
    figures.record("plain client, its own options", bare, "messages/s")
    figures.record("import, whole command", whole, "rows/s", ratio=whole / plain, of="plain client")
    figures.record("import, by its account", within, "rows/s", ratio=within / plain,
                   of="plain client")  # fmt: skip


def test_bulk_import(
    services: Installation, figures: Figures, scale: Scale, tmp_path: Path
) -> None:
    target = services.beside("bulk")
    ensure_topic(target.settings)
    rows = scale.of(BULK_ROWS)
    file = simulate_file(tmp_path / "history.csv", rows=rows, seed=1)
    with timed() as seconds:
        target.command("import", str(file), "--listener", "anna", "--bulk")
    bulk = rows / seconds()
    _, within, _ = throughput.import_rate(
        target, simulate_file(tmp_path / "other.csv", rows=scale.of(IMPORT_ROWS), seed=2)
    )

    figures.record("import --bulk, whole command", bulk, "rows/s", ratio=bulk / within,
                   of="import over Kafka")  # fmt: skip


@pytest.mark.usefixtures("counted")
def test_speed_layer(services: Installation, figures: Figures, spark: SparkSession) -> None:
    commits = services.commits()
    decoding = throughput.decode_rate(spark, services)
    counting = throughput.commit_rate(commits)
    logged = throughput.logged(services.settings)
    warm = logged["speed"][1:] or logged["speed"]
    at_work = sum(events for events, _ in warm) / sum(ms for _, ms in warm) * 1000

    figures.record("decode and count only", decoding, "events/s")
    figures.record("speed layer on a backlog", counting, "events/s", ratio=counting / decoding,
                   of="decoding")  # fmt: skip
    figures.record("speed layer, while a commit is at work", at_work, "events/s")
    if len(commits) > 1:
        figures.record("from a commit to the next, median",
                       throughput.median_seconds_between(commits), "s")  # fmt: skip
    figures.record("events of all commits", sum(each["events"] for each in commits), "events")
    for events, ms in logged["archive"]:
        figures.record("archive beside it, one commit", events / ms * 1000, "events/s")


@pytest.mark.usefixtures("counted")
def test_bytes_per_event(services: Installation, figures: Figures) -> None:
    events = sum(commit["events"] for commit in services.commits())
    messages = sum(services.end_offsets().values())
    figures.record("Kafka", services.kafka_bytes() / messages, "bytes/message")
    figures.record("archive", services.archive_bytes() / messages, "bytes/message")
    _record_collections(services, figures, events=events, when="before a batch")
    services.command("batch", "run")
    _record_collections(services, figures, events=events, when="after a batch")


@pytest.mark.usefixtures("counted")
def test_api(services: Installation, figures: Figures, scale: Scale) -> None:
    services.command("batch", "run")
    times = latency.answer_times(Client(services.settings), rounds=scale.of(ANSWER_ROUNDS))

    for name, milliseconds in times.items():
        figures.record_times(name, milliseconds)
    figures.record_times("API, all of these", [each for some in times.values() for each in some])


@pytest.mark.usefixtures("counted")
def test_requests_by_route(services: Installation, figures: Figures, scale: Scale) -> None:
    services.command("batch", "run")
    services.send(latency.live_messages(LIVE_ROWS))
    services.wait_until_counted()
    asked = requests.paths(Client(services.settings))
    another = services.settings.model_copy(update={"api_port": free_ports()["api_port"]})
    for workers in (1, 2):
        found = requests.measured(another, asked, workers=workers, seconds=scale.of(WRK_SECONDS))
        for path, each in found.items():
            what = f"{workers} workers: {path}"
            figures.record(f"{what}, first", each.first, "ms")
            figures.record(f"{what}, median", each.median, "ms")
            figures.record(f"{what}, p99", each.p99, "ms")
            figures.record(what, each.a_second, "requests/s")


@pytest.mark.usefixtures("counted")
def test_visible(services: Installation, figures: Figures, scale: Scale) -> None:
    delays = latency.seconds_to_visible(
        services, warm_up=WARM_UP_SECONDS, seconds=scale.of(LIVE_SECONDS)
    )

    figures.record_times("from send to visible, 200 events/s", [each * 1000 for each in delays])


@pytest.mark.usefixtures("counted")
def test_memory(services: Installation, figures: Figures) -> None:
    resident = services.resident_mib()
    for name, mib in sorted(resident.items()):
        figures.record(f"resident memory of {name}", mib, "MiB")
    figures.record("resident memory of all", sum(resident.values()), "MiB")


def test_batch(services: Installation, figures: Figures, scale: Scale, spark: SparkSession) -> None:
    lifecycle.stop(services.settings, ("streaming", "api"))
    target = services.beside("batch")
    events = scale.of(BATCH_EVENTS)
    options = ("--listeners", str(BATCH_LISTENERS), "--songs", "20000", "--seed", "3")
    target.command("simulate", "--to-kafka", "--rows", str(events), *options)
    target.command("stream", "--until-drained")
    figures.record("speed layer draining the batch's events",
                   throughput.commit_rate(target.commits()), "events/s")  # fmt: skip
    steps = batch_steps.step_seconds(target)
    stages = batch_steps.stages(spark, target)

    aggregating = events / steps["recompute"]
    figures.record("batch, aggregation after start-up", aggregating, "events/s")
    for name, seconds in steps.items():
        figures.record(f"batch step {name}", seconds, "s")
    for name, stage in stages.items():
        figures.record(f"stage {name}", events / stage.seconds, "events/s")
    figures.record("finest cells", stages["summed into cells"].cells / events, "cells/event")
    figures.record("cells of all grains", batch_steps.all_cells(target) / events, "cells/event")


@pytest.mark.timeout(4 * 3600)
def test_history_size(
    services: Installation, figures: Figures, scale: Scale, spark: SparkSession, tmp_path: Path
) -> None:
    """BENCH_HISTORY=1,10,50 names the sizes, in millions of events."""
    for millions in os.environ.get("BENCH_HISTORY", "1,10").split(","):
        events = scale.of(int(millions) * 1_000_000)
        target = services.beside(f"history_{millions}")
        history.write_history(spark, target, events=events)
        logs = tmp_path / millions
        logs.mkdir()
        steps = batch_steps.step_seconds(
            target, PYSPARK_SUBMIT_ARGS=history.logging_to(logs),
            PLAYCOUNT_SPARK_DRIVER_MEMORY=os.environ.get("BENCH_DRIVER_MEMORY", "2g"),
            PLAYCOUNT_BATCH_EVENTS_AT_ONCE=os.environ.get(
                "BENCH_EVENTS_AT_ONCE", str(target.settings.batch_events_at_once)
            ),
        )  # fmt: skip
        again = batch_steps.step_seconds(target) if int(millions) <= AGAIN_MILLIONS else None
        stored = target.collection_bytes()[BATCH_CHARTS]
        what = f"history of {events:,}"
        for name in ("recompute", "write"):
            figures.record(f"{what}: {name}", steps[name], "s")
        figures.record(
            f"{what}: whole batch after start", sum(steps.values()) - steps["start"], "s"
        )
        if again:
            figures.record(f"{what}: the same again", sum(again.values()) - again["start"], "s")
        figures.record(f"{what}: events", events / sum(steps.values()), "events/s")
        figures.record(f"{what}: shuffled", history.shuffle_bytes(logs) / 2**20, "MiB")
        figures.record(f"{what}: charts", stored / 2**20, "MiB")
        figures.record(f"{what}: load", stored / 2**20 / steps["write"], "MiB/s")
        figures.record(f"{what}: archive", target.archive_bytes() / events, "bytes/event")
        cells = batch_steps.all_cells(target)
        figures.record(f"{what}: cells", cells / events, "cells/event")
        figures.record(f"{what}: cells written", cells / steps["write"], "cells/s")
        target.store.client.drop_database(target.settings.database)


def test_api_with_many_songs(services: Installation, figures: Figures, scale: Scale) -> None:
    script = Path(__file__).parent / "api_latency.py"
    done = subprocess.run(
        [sys.executable, str(script), "--songs", str(scale.of(MANY_SONGS))],
        env=os.environ | settings_environment(services.settings),
        cwd=CHECKOUT, text=True, capture_output=True, check=False,
    )  # fmt: skip

    rows = _ROW.findall(done.stdout)
    assert rows, done.stdout + done.stderr
    for name, *numbers in rows:
        for kind, number in zip(("first", "median", "p99", "p99 after a commit"), numbers,
                                strict=True):  # fmt: skip
            figures.record(f"million songs: {name}, {kind}", float(number), "ms")


def test_layout(
    services: Installation, figures: Figures, scale: Scale, spark: SparkSession
) -> None:
    target = services.beside("layout")
    store = target.store
    documents = batch_layout.chart_documents(spark, events=scale.of(LAYOUT_EVENTS))
    figures.record("layout: cells of all grains", sum(each["n"] for each in documents), "cells")
    packed = batch_layout.load_packed(documents, store)
    indexed = batch_layout.load_indexed(documents, store)
    asked = batch_layout.questions(store, count=LAYOUT_QUESTIONS)
    for name, layout in (("packed", packed), ("indexed", indexed)):
        figures.record(f"layout {name}: documents", layout.documents, "documents")
        figures.record(f"layout {name}: load", layout.load_seconds, "s")
        figures.record(f"layout {name}: on disk", layout.bytes / 2**20, "MiB")

    for question in asked:
        assert batch_layout.ask_packed(store, question) == batch_layout.ask_indexed(store, question)
    for name, ask in batch_layout.ways(store, asked).items():
        figures.record_times(f"layout {name}: top 50", batch_layout.milliseconds(ask, asked))


def _record_collections(target: Installation, figures: Figures, *, events: int, when: str) -> None:
    sizes = target.collection_bytes()
    for name, size in sizes.items():
        figures.record(f"MongoDB {name}, {when}", size / events, "bytes/event")
    figures.record(f"MongoDB in all, {when}", sum(sizes.values()) / events, "bytes/event")
