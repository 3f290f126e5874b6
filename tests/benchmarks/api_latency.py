"""Latency of the API on charts of its own making, over HTTP against the real server.

    python tests/benchmarks/api_latency.py --songs 1000000 --rows 32000

Needs a running MongoDB (`./playcount up --only mongod`), in which it makes a database and drops it
again. Prints median and 99th percentile in milliseconds; exits with 1 when a warm one is above
`--limit-ms`.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from listens.errors import PlaycountError  # noqa: E402
from listens.identity import artist_id  # noqa: E402
from listens.names import name_document  # noqa: E402
from listens.packing import Cells, Chart, Ints, Keys, folded, pack_cells, pack_chart  # noqa: E402
from listens.rules import MEASURES, RULES_VERSION  # noqa: E402
from listens.settings import load_settings  # noqa: E402
from listens.store import Store, connect, ensure_indexes  # noqa: E402
from listens.windows import parse_window  # noqa: E402

YEARS = ("2025", "2026")
PART_KEYS = 100_000
FIRST_DAY, END_DAY = parse_window("2025").first, parse_window("2026").end


def main() -> int:
    """Make the documents, start the server, ask, and print."""
    options = _options()
    settings = load_settings().model_copy(update={"database": f"latency_{uuid.uuid4().hex[:12]}"})
    store = connect(settings)
    try:
        ensure_indexes(store)
        random = np.random.default_rng(1)
        keys = _keys(random, options.songs)
        _write_version(store, random, keys)
        for seq in range(2, 2 + options.commits):
            _write_commit(store, random, keys, seq=seq, rows=options.rows // options.commits)
        with _server(settings.database) as connection:
            return _measure(connection, store, random, keys, options)
    finally:
        store.client.drop_database(settings.database)


def _measure(
    connection: http.client.HTTPConnection,
    store: Store,
    random: np.random.Generator,
    keys: Keys,
    options: argparse.Namespace,
) -> int:
    questions = {
        "all time": "/api/top-songs?limit=50",
        "all time, deep": "/api/top-songs?limit=50&offset=10000",
        "all time, 1000 items": "/api/top-songs?limit=1000",
        "one year by hours": "/api/top-songs?window=2026&by=ms_played",
        "a range of both years": "/api/top-songs?from=2025-01-01&to=2027-01-01&by=streams",
        "summary": "/api/summary",
        "search, few names": f"/api/search?q=someone+{keys[:1].tobytes().hex()[:6]}",
        "search, too many names": "/api/search?q=someone",
    }
    seqs = iter(range(2 + options.commits, 1_000_000))
    print(f"{options.songs} songs in the batch, {options.rows} speed rows; milliseconds")
    print(f"{'':24}{'first':>9}{'median':>9}{'p99':>9}{'p99 after a commit':>20}")
    worst = 0.0
    for name, path in questions.items():
        first = _milliseconds(connection, path, 1)[0]
        warm = _milliseconds(connection, path, options.requests)
        fresh = _milliseconds(
            connection,
            path,
            50,
            before=lambda: _write_commit(store, random, keys, seq=next(seqs), rows=20),
        )
        figures = (first, np.median(warm), np.percentile(warm, 99))
        print(f"{name:24}" + "".join(f"{each:9.1f}" for each in figures), end="")
        print(f"{np.percentile(fresh, 99):20.1f}")
        if "1000 items" not in name and "too many" not in name:
            worst = max(worst, float(figures[2]))
    return int(worst > options.limit_ms)


def _milliseconds(
    connection: http.client.HTTPConnection,
    path: str,
    times: int,
    before: Callable[[], None] = lambda: None,
) -> list[float]:
    taken = []
    for _ in range(times):
        before()
        start = time.perf_counter()
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        taken.append((time.perf_counter() - start) * 1000)
        if response.status != 200:
            raise SystemExit(f"{path} answered {response.status}")
    return taken


@contextmanager
def _server(database: str) -> Iterator[http.client.HTTPConnection]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "PLAYCOUNT_DATABASE": database,
        "PLAYCOUNT_API_PORT": str(port),
        "PLAYCOUNT_LOG_LEVEL": "WARNING",
    }
    code = "from api.cli import app; app()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield _connected(port)
    finally:
        process.terminate()
        process.wait()


def _connected(port: int) -> http.client.HTTPConnection:
    for _ in range(200):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit("the server didn't start")


def _write_version(store: Store, random: np.random.Generator, keys: Keys) -> None:
    charts = {year: Chart(keys, _measures(random, len(keys))) for year in YEARS}
    _write_chart(store, "all", "all", folded(charts.values()))
    for year, chart in charts.items():
        _write_chart(store, "year", year, chart)
    names = ("all", *YEARS)
    store.batch_versions.insert_one(
        {
            "_id": 1,
            "cut_seq": 1,
            "cut": {"0": 0},
            "rules_version": RULES_VERSION,
            "time_zone": "UTC",
            "at": datetime.now(UTC),
            "events": 0,
            "windows": {
                name: {"generation": 1, "cells": len(keys), "checksum": "0"} for name in names
            },
        }
    )
    store.batch_pointer.insert_one({"_id": "current", "version": 1, "previous": None})
    for first in range(0, len(keys), PART_KEYS):
        ids = _ids(keys[first : first + PART_KEYS])
        whose = {"artist": "someone", "artist_id": artist_id("someone")}
        names = [name_document(each, {"title": each.hex(), **whose}) for each in ids]
        store.names.insert_many(names, ordered=False)


def _write_chart(store: Store, grain: str, window: str, chart: Chart) -> None:
    head = {"generation": 1, "view": "songs", "by": "everyone", "value": ""}
    for part, first in enumerate(range(0, len(chart), PART_KEYS)):
        rows = slice(first, first + PART_KEYS)
        measures = {name: column[rows] for name, column in chart.measures.items()}
        document = head | {"grain": grain, "window": window, "part": part}
        store.batch_charts.insert_one(document | pack_chart(chart.key[rows], measures))


def _write_commit(
    store: Store, random: np.random.Generator, keys: Keys, *, seq: int, rows: int
) -> None:
    """Half of the rows are of songs that the batch has, half of new ones."""
    known = random.choice(keys, rows // 2) if len(keys) else np.empty(0, "S16")
    key = np.concatenate([known, _keys(random, rows - len(known))])
    window = random.integers(FIRST_DAY, END_DAY, rows)
    cells = Cells(window, np.zeros(rows, "S1"), key, _measures(random, rows))
    head = {"seq": seq, "view": "songs", "by": "everyone", "shard": -1}
    ends = {"first": int(window.min()), "last": int(window.max())}
    store.speed_segments.insert_one(head | ends | pack_cells(cells))
    store.speed_commits.insert_one(
        {"_id": seq, "from": {"0": seq - 1}, "until": {"0": seq}, "at": datetime.now(UTC)}
    )


def _measures(random: np.random.Generator, rows: int) -> dict[str, Ints]:
    """Few plays for most songs, many for a few, so that ties are long, as they are in life."""
    plays = random.zipf(1.6, rows).clip(max=1_000_000).astype(np.int64)
    more = {"streams": plays + 1, "plays": plays, "skips": plays // 3, "completed": plays // 2}
    measures = more | {"ms_played": plays * 180_000}
    return {name: measures.get(name, np.zeros(rows, np.int64)) for name in MEASURES}


def _keys(random: np.random.Generator, rows: int) -> Keys:
    return np.sort(np.frombuffer(random.bytes(16 * rows), "S16")) if rows else np.empty(0, "S16")


def _ids(keys: Keys) -> list[bytes]:
    packed = keys.tobytes()
    return [packed[first : first + 16] for first in range(0, len(packed), 16)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--songs", type=int, default=1_000_000, help="songs in the batch charts")
    parser.add_argument("--rows", type=int, default=32_000, help="rows of the speed layer")
    parser.add_argument("--commits", type=int, default=16, help="commits that hold these rows")
    parser.add_argument("--requests", type=int, default=300, help="warm requests a question")
    parser.add_argument("--limit-ms", type=float, default=20, help="what a warm p99 may take")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PlaycountError as error:
        sys.exit(str(error))
