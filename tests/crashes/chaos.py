"""The kills: each at a random moment, and the time until the speed layer counts again."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field

import psutil

from stack.probes import why_not_ready
from stack.processes import SERVICES
from tests.crashes.feed import Feed
from tests.crashes.harness import JVM_MAY_OUTLIVE_SECONDS, Stack, eventually, is_alive, say

BACKLOG = 6_000  # four commits
COMPONENT = {"driver": "streaming", "jvm": "streaming", "mongod": "mongod", "kafka": "kafka"}


@dataclass
class Toll:
    """What was killed, and what it cost.

    Attributes:
        seconds: victim → from each kill to the first commit afterwards.
        outlived: seconds that a JVM went on after its driver.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    outlived: list[float] = field(default_factory=list)


def kill(stack: Stack, feed: Feed, victim: str, toll: Toll) -> None:
    """Kill while events are counted, and wait until they are counted again."""
    feed.keep_flowing(BACKLOG)
    stack.wait_for_commits(stack.rng.randint(1, 3))
    if victim == "kafka":
        feed.more_under_way()
    else:
        # Not waited for anything: so that it hits another phase of a commit each time.
        time.sleep(stack.rng.uniform(0, 1.5))
    name = COMPONENT[victim]
    old = stack.state(name).pid
    jvm = stack.jvm_of_streaming() if name == "streaming" else None
    killed = jvm if victim == "jvm" and jvm else psutil.Process(old)
    seq = stack.head()["_id"]
    began = time.monotonic()
    killed.send_signal(signal.SIGKILL)
    if victim == "driver" and jvm:
        toll.outlived.append(seconds_alive(jvm))
    _wait_until_counted_again(stack, name, old)
    seconds = time.monotonic() - began
    toll.seconds.setdefault(victim, []).append(seconds)
    say(f"killed {victim} at commit {seq}: counts again after {seconds:.1f} s")


def seconds_alive(process: psutil.Process) -> float:
    """Wait for the end of a process that lost its parent."""
    began = time.monotonic()
    eventually(
        lambda: not is_alive(process),
        f"the end of {process.pid}",
        seconds=JVM_MAY_OUTLIVE_SECONDS,
    )
    return time.monotonic() - began


def _wait_until_counted_again(stack: Stack, name: str, old: int) -> None:
    """A commit that was begun when the component worked again."""
    since = time.time()
    eventually(lambda: stack.state(name).pid not in (0, old), f"{name} again")
    if name in SERVICES:
        # A micro-batch that had all it needs may go on while the service is away.
        eventually(lambda: not why_not_ready(name, stack.settings), f"{name} at work")
        since = time.time()
    eventually(
        lambda: stack.head()["at"].timestamp() > since or not stack.backlog(),
        f"a commit after {name} was started again",
    )
