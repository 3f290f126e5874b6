"""What goes wrong, each as often and as hard as its test wants it."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlparse

import psutil

from batch.versions import LEASE
from listens import store as collections
from listens.store import CURRENT
from stack import lifecycle
from stack.layout import layout
from tests.crashes.chaos import BACKLOG, Toll, kill, seconds_alive
from tests.crashes.feed import Feed
from tests.crashes.harness import Stack, eventually, is_alive, say, signal_tree

STOP_SECONDS = 25  # the supervisor would kill after 30
COMMITTED = "streaming.speed: commit seq="


def kill_components(stack: Stack, feed: Feed, victims: Sequence[str]) -> Toll:
    """Kill one after the other, in a random order, while events flow."""
    toll = Toll()
    for victim in stack.rng.sample(victims, len(victims)):
        if victim == "importer":
            feed.kill_importer()
        else:
            kill(stack, feed, victim, toll)
    return toll


def kill_batch(stack: Stack, step: str) -> int:
    """Kill a batch in the midst of a step; its version's number."""
    process = stack.command("batch", "run")
    eventually(
        lambda: f" {step}\n" in stack.output(process, "err") or process.poll() is not None,
        f"the batch's step {step}",
    )
    time.sleep(stack.rng.uniform(0, 0.3))
    below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(signal.SIGKILL)
    code = stack.finish(process)
    seconds = max([seconds_alive(each) for each in below], default=0)
    (newest,) = stack.store[collections.BATCH_VERSIONS].find(sort=[("_id", -1)], limit=1)
    say(
        f"batch {newest['_id']} killed in {step} (exit code {code}), is {newest['state']}; "
        f"its JVM ended after {seconds:.1f} s"
    )
    return int(newest["_id"])


def run_batch(stack: Stack) -> None:
    """Run a batch to its end, as if the lease of a dead one were over."""
    stack.store[collections.BATCH_VERSIONS].update_many(
        {"state": "running"}, [{"$set": {"alive_at": {"$subtract": ["$alive_at", _ms(2 * LEASE)]}}}]
    )
    process = stack.command("batch", "run")
    code = stack.finish(process)
    assert code == 0, stack.output(process, "err")


def assert_nothing_is_left_of_dead_batches(stack: Stack) -> None:
    """Charts are only of what the current and the previous version name; no run seems alive."""
    store = stack.store
    pointer = store[collections.BATCH_POINTER].find_one({"_id": CURRENT})
    assert pointer is not None
    kept = store[collections.BATCH_VERSIONS].find(
        {"_id": {"$in": [pointer["version"], pointer["previous"]]}}
    )
    named = {
        (about["generation"], window)
        for version in kept
        for window, about in version["windows"].items()
    }
    stored = {
        (group["_id"]["generation"], group["_id"]["window"])
        for group in store[collections.BATCH_CHARTS].aggregate(
            [{"$group": {"_id": {"generation": "$generation", "window": "$window"}}}]
        )
    }

    assert stored == named
    assert store[collections.BATCH_VERSIONS].count_documents({"state": "running"}) == 0


def run_two_applications(stack: Stack, feed: Feed, *, zombies: int) -> None:
    """A second one beside the supervised one; now the one and now the other is frozen."""
    checkpoints = stack.settings.home.resolve() / "other-checkpoints"
    other = stack.command("stream", PLAYCOUNT_CHECKPOINT_URI=checkpoints.as_uri())

    def commits() -> tuple[int, int]:
        log = layout(stack.settings).log("streaming").read_text()
        return log.count(COMMITTED), stack.output(other, "err").count(COMMITTED)

    def has_begun() -> bool:
        assert other.poll() is None, stack.output(other, "err")[-2000:]
        return (checkpoints / "speed" / "metadata").exists()

    eventually(has_begun, "the other application at work")
    for number in range(zombies):
        # The supervised one first: the other is behind, and commits only once it's alone.
        pid = other.pid if number % 2 else stack.state("streaming").pid
        _freeze(stack, feed, pid)
        say(f"commits by the supervised and by the other application: {commits()}")
    assert all(commits())
    stop_by_signal(other.pid)
    assert stack.finish(other) == 0, stack.output(other, "err")[-2000:]


def _freeze(stack: Stack, feed: Feed, pid: int) -> None:
    """Freeze an application in the midst of what it does until the other has gone on."""
    feed.keep_flowing(2 * BACKLOG)
    time.sleep(stack.rng.uniform(0, 1))
    signal_tree(pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        # A frozen transaction holds the next commit's number until MongoDB gives it up, in 60 s.
        stack.wait_for_commits(3)
    finally:
        signal_tree(pid, signal.SIGCONT)
    say(f"froze {pid} for {time.monotonic() - began:.1f} s, while the other went on")
    feed.keep_flowing(BACKLOG)
    stack.wait_for_commits(2)


def stop_by_signal(pid: int) -> None:
    """SIGTERM to an application alone; it ends in time, and so does its JVM."""
    process = psutil.Process(pid)
    below = process.children(recursive=True)
    began = time.monotonic()
    process.terminate()
    eventually(lambda: not is_alive(process), f"the end of {pid}", seconds=STOP_SECONDS)
    seconds = time.monotonic() - began
    outlived = max([seconds_alive(each) for each in below], default=0)
    say(f"{pid} stopped {seconds:.1f} s after SIGTERM, its JVM {outlived:.1f} s later")


def stop_streaming(stack: Stack, feed: Feed) -> None:
    """Stop the supervised application as `down` does, while it has much to do."""
    feed.keep_flowing(2 * BACKLOG)
    stack.wait_for_commits(1)
    log = layout(stack.settings).log("streaming")
    before = len(log.read_text())
    jvm = stack.jvm_of_streaming()
    began = time.monotonic()
    lifecycle.stop(stack.settings, ("streaming",))
    seconds = time.monotonic() - began

    assert "streaming.application: stopped" in log.read_text()[before:]
    assert seconds < STOP_SECONDS
    outlived = seconds_alive(jvm)
    assert stack.backlog() > 0
    say(
        f"streaming stopped within {seconds:.1f} s, its JVM {outlived:.1f} s later, "
        f"with {stack.backlog():,} still to count"
    )


def start_streaming(stack: Stack) -> None:
    """Start it again; it goes on where it ended."""
    head = stack.head()["_id"]
    stack.up("streaming")
    eventually(lambda: stack.head()["_id"] > head, "the next commit")


def delete_checkpoints(stack: Stack) -> None:
    """As if Spark's disk were lost; MongoDB and the archive know where to go on."""
    folder = Path(urlparse(stack.settings.checkpoints).path)
    assert list(folder.glob("*/offsets/*"))
    shutil.rmtree(folder)


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
