"""Memory of the API and of the dashboard while both are asked again and again, for an hour.

    .venv/bin/python tests/benchmarks/polling.py --minutes 60 --every 10

Brings its own stack on free ports, with an imported history and a batch of it. The overview is
open in a headless Chromium that asks anew every `--every` seconds, and so do `--pollers` plain
clients beside it, with the ETag that they were given last. Every `--plays-every` seconds some
plays of songs that are known already come in over Kafka, so that answers change while the charts
don't grow.

Prints every five minutes what is resident of the API, all its processes, the page's JavaScript
heap after a forced collection, its DOM nodes, and what was asked for since the start. Exits with
1 when a median of the last third of the readings is more than `--limit-mib` MiB, or a tenth of
the nodes, above that of the third before it.
"""

from __future__ import annotations

import argparse
import http.client
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from playwright.sync_api import CDPSession, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from listens.brokers import ensure_topic  # noqa: E402
from listens.errors import PlaycountError  # noqa: E402
from listens.settings import Settings  # noqa: E402
from stack import lifecycle  # noqa: E402
from tests.benchmarks.installation import Installation, Message, simulate_file  # noqa: E402
from tests.benchmarks.latency import QUESTIONS, live_message  # noqa: E402
from tests.conftest import free_ports  # noqa: E402
from tests.dashboard.pages import SHOWN  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
HISTORY_ROWS = 20_000
PLAYS = 20
LISTENERS, SONGS = 5, 200
READING_MINUTES = 5
MIB = 2**20


@dataclass
class Asked:
    """Requests since the start, and how many of them were answered 304; any thread counts."""

    requests: int = 0
    unchanged: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, status: int) -> None:
        """One more answer."""
        with self._lock:
            self.requests += 1
            self.unchanged += status == http.client.NOT_MODIFIED


@dataclass(frozen=True)
class Reading:
    """What was taken up at a moment; sizes in MiB."""

    minute: float
    api_mib: float
    heap_mib: float
    nodes: int


def main() -> int:
    """Start all, let it run, print, and judge."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="polling-") as home:
        installation = Installation(_settings(Path(home), every=options.every))
        try:
            _fill(installation, Path(home))
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=CHROMIUM,
                    args=["--no-sandbox", "--disable-background-networking"],
                )
                page = browser.new_page(viewport={"width": 1440, "height": 1000})
                readings = list(_measured(installation, page, options))
                browser.close()
        finally:
            lifecycle.down(installation.settings)
    return int(_has_grown(readings, limit_mib=options.limit_mib))


def _settings(home: Path, *, every: float) -> Settings:
    # No batch but the first, since what is measured is the same work for an hour.
    no_batch = {"batch_schedule": "", "archive_schedule": "", "batch_after_events": 0}
    own = {"home": home, "dashboard_poll_seconds": every, **free_ports(), **no_batch}
    return Settings().model_copy(update=own)


def _fill(installation: Installation, home: Path) -> None:
    installation.up("kafka", "mongod")
    ensure_topic(installation.settings)
    history = simulate_file(home / "history.csv", rows=HISTORY_ROWS, seed=1)
    installation.import_history(history, "listener-0")
    installation.send(
        live_message(f"listener-{number % LISTENERS}", f"song {number % SONGS}", "polled",
                     ended_at_ms=int(time.time() * 1000) - number)
        for number in range(LISTENERS * SONGS)
    )  # fmt: skip
    installation.up("streaming", "api")
    installation.wait_until_counted()
    installation.command("batch", "run")


def _measured(
    installation: Installation, page: Page, options: argparse.Namespace
) -> Iterator[Reading]:
    of_page, of_pollers = Asked(), Asked()
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    # What came over the wire: to the page itself a 304 looks like the answer that it had.
    cdp.on("Network.responseReceivedExtraInfo", lambda told: of_page.count(told["statusCode"]))
    page.goto(f"http://127.0.0.1:{installation.settings.api_port}/dashboard/")
    expect(page.locator(SHOWN)).to_be_attached(timeout=60_000)
    began = time.monotonic()
    print(f"{options.pollers} clients and a page, each asking every {options.every:g} s")
    print(f"{'minute':>6}{'API MiB':>10}{'heap MiB':>10}{'nodes':>8}"
          f"{'page asked':>12}{'304':>8}{'clients asked':>15}{'304':>8}", flush=True)  # fmt: skip
    with _polling(installation.settings, of_pollers, options):
        for minute in range(options.minutes + 1):
            while (left := began + 60 * minute - time.monotonic()) > 0:
                page.wait_for_timeout(min(left, options.plays_every) * 1000)
                installation.send(_plays())
            if minute % READING_MINUTES == 0 or minute == options.minutes:
                reading = _read(installation, cdp, minute)
                print(f"{minute:6}{reading.api_mib:10.1f}{reading.heap_mib:10.2f}"
                      f"{reading.nodes:8}{of_page.requests:12}{of_page.unchanged:8}"
                      f"{of_pollers.requests:15}{of_pollers.unchanged:8}", flush=True)  # fmt: skip
                yield reading


def _read(installation: Installation, cdp: CDPSession, minute: float) -> Reading:
    cdp.send("HeapProfiler.collectGarbage")
    heap = cdp.send("Runtime.getHeapUsage")["usedSize"]
    nodes = cdp.send("Memory.getDOMCounters")["nodes"]
    return Reading(minute, installation.resident_mib()["api"], heap / MIB, nodes)


def _plays() -> list[Message]:
    now_ms = int(time.time() * 1000)
    return [
        live_message(f"listener-{random.randrange(LISTENERS)}", f"song {random.randrange(SONGS)}",
                     "polled", ended_at_ms=now_ms - number)
        for number in range(PLAYS)
    ]  # fmt: skip


@contextmanager
def _polling(settings: Settings, asked: Asked, options: argparse.Namespace) -> Iterator[None]:
    """While it's entered, clients ask; a client that fails says so, and fails the measuring."""
    ended, failures = threading.Event(), list[str]()

    def poll(number: int) -> None:
        path, query = QUESTIONS[number % len(QUESTIONS)]
        connection = http.client.HTTPConnection("127.0.0.1", settings.api_port, timeout=60)
        etag = ""
        try:
            # Evenly over the pause, as people come who know nothing of each other.
            wait = options.every * number / options.pollers
            while not ended.wait(wait):
                began = time.monotonic()
                headers = {"If-None-Match": etag} if etag else {}
                connection.request("GET", f"{path}?{urlencode(query)}", headers=headers)
                response = connection.getresponse()
                response.read()
                asked.count(response.status)
                if response.status not in (http.client.OK, http.client.NOT_MODIFIED):
                    failures.append(f"{path} answered {response.status}")
                etag = response.getheader("ETag", etag)
                wait = max(0.0, began + options.every - time.monotonic())
        except (OSError, http.client.HTTPException) as error:
            failures.append(f"{path}: {type(error).__name__}: {error}")
        finally:
            connection.close()

    clients = [threading.Thread(target=poll, args=(n,)) for n in range(options.pollers)]
    for client in clients:
        client.start()
    try:
        yield
    finally:
        ended.set()
        for client in clients:
            client.join()
    if failures:
        raise SystemExit("\n".join(failures))


def _has_grown(readings: list[Reading], *, limit_mib: float) -> bool:
    third = len(readings) // 3
    if not third:
        return False
    before, last = readings[-2 * third : -third], readings[-third:]
    grown = False
    for name, limit in (("api_mib", limit_mib), ("heap_mib", limit_mib), ("nodes", None)):
        one, other = (median(getattr(each, name) for each in some) for some in (before, last))
        print(f"{name}, medians of the last thirds: {one:.1f}, {other:.1f}")
        grown = grown or other > one + (one / 10 if limit is None else limit)
    return grown


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=int, default=60, help="how long it runs")
    parser.add_argument("--every", type=float, default=10, help="seconds from poll to poll")
    parser.add_argument("--plays-every", type=float, default=60, help="seconds from some to others")
    parser.add_argument("--pollers", type=int, default=20, help="plain clients beside the page")
    parser.add_argument("--limit-mib", type=float, default=5, help="by how much memory may grow")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PlaycountError as error:
        sys.exit(str(error))
