"""Requests a second and latency of each route, by wrk against the real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import urlopen

from api.server import Server
from listens.settings import Settings, load_settings
from tests.api.serving import served
from tests.benchmarks.installation import Client
from tests.debian_packages import program

CONNECTIONS = 8
WARM_UP_SECONDS = 3
ALL_ANSWERS = ("--latency", "--timeout", "60s")
"""wrk counts no answer that takes longer than its time-out, two seconds unless told."""

_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_LATENCY = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s) *$", re.MULTILINE)
_RATE = re.compile(r"^Requests/sec:\s+([\d.]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Measured:
    """Of one route: the first answer of a new process, and what wrk found; milliseconds."""

    first: float
    a_second: float
    median: float
    p99: float


class _Workers(Server):
    """The server as `playcount serve` runs it, but for its number of processes."""

    def __init__(self, settings: Settings, workers: int) -> None:
        self._workers = workers
        super().__init__(settings)

    def load_config(self) -> None:
        super().load_config()
        self.cfg.set("workers", self._workers)


def paths(client: Client) -> list[str]:
    """A question to each route, on what there is."""
    songs = client.get("/api/top-songs", limit=1)["items"]
    artists = client.get("/api/top-artists", limit=1)["items"]
    listener = client.get("/api/top-listeners", limit=1)["items"][0]["listener"]
    questions: list[tuple[str, dict[str, Any]]] = [
        ("/api/top-songs", {}),
        ("/api/top-songs", {"listener": listener, "window": "2023", "by": "ms_played"}),
        ("/api/top-songs", {"from": "2020-02-10", "to": "2021-11-05", "by": "streams"}),
        ("/api/top-songs", {"limit": 1000}),
        ("/api/top-songs", {"by": "listeners"}),
        ("/api/top-artists", {}),
        ("/api/top-albums", {"daypart": "evening"}),
        ("/api/top-platforms", {}),
        ("/api/tops", {"entity": "songs", "per": "daypart"}),
        ("/api/trending", {"entity": "songs", "window": "2023"}),
        ("/api/summary", {"window": "2023", "compare": "previous"}),
        ("/api/timeline", {"grain": "month"}),
        ("/api/rhythm", {}),
        ("/api/search", {"q": artists[0]["artist"]}),
        ("/api/search", {"q": "the"}),
        (f"/api/songs/{songs[0]['song_id']}", {}),
        (f"/api/artists/{artists[0]['artist_id']}", {}),
        (f"/api/listeners/{quote(listener)}", {}),
        ("/api/recent", {"limit": 50}),
        ("/api/status", {}),
        ("/dashboard/", {}),
    ]
    return [f"{path}?{urlencode(query)}" if query else path for path, query in questions]


def measured(
    settings: Settings, asked: list[str], *, workers: int, seconds: int
) -> dict[str, Measured]:
    """Path → what a new server with so many processes does, each asked for so long."""
    found = {}
    server = ("-m", "tests.benchmarks.requests", str(workers))
    with served(settings, server) as address:
        _wrk_says(f"{address}/healthz", WARM_UP_SECONDS)  # all processes have begun after it
        for path in asked:
            began = perf_counter()
            urlopen(f"{address}{path}").read()
            first = (perf_counter() - began) * 1000
            found[path] = _by_wrk(f"{address}{path}", first, seconds)
    return found


def _by_wrk(url: str, first: float, seconds: int) -> Measured:
    told = _wrk_says(url, seconds)
    rate = _RATE.search(told)
    assert rate, told
    times = {of: float(n) * _MILLISECONDS[unit] for of, n, unit in _LATENCY.findall(told)}
    return Measured(first, float(rate[1]), times["50"], times["99"])


def _wrk_says(url: str, seconds: int) -> str:
    done = subprocess.run(
        [str(_wrk()), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *ALL_ANSWERS, url],
        env=os.environ | {"LD_LIBRARY_PATH": str(_libraries())},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Non-2xx" not in done.stdout, done.stdout
    return done.stdout


def _wrk() -> Path:
    installed = shutil.which("wrk")
    return Path(installed) if installed else program("wrk", "usr/bin/wrk")


def _libraries() -> Path:
    """Where wrk's Lua is, if it had to be unpacked."""
    machine = f"{os.uname().machine}-linux-gnu"
    return program("libluajit-5.1-2", f"usr/lib/{machine}/libluajit-5.1.so.2").parent


if __name__ == "__main__":
    _Workers(load_settings(), int(sys.argv[1])).run()
