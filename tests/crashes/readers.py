"""Many who ask the API at once, while listens come in and batches are published."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import duckdb

from stack.probes import api_url
from tests.crashes.harness import Stack
from tests.crashes.witness import QUESTIONS, rows_of, songs_before

PAGE = 50

Row = tuple[str, int, int]


@dataclass(frozen=True)
class Moment:
    """What an answer is about: two of the same moment must be equal."""

    listener: str | None
    version: int
    head: int


@dataclass
class Readers:
    """While it's entered, `count` threads ask for the chart of songs, one request after the other.

    Attributes:
        seconds: of every answer.
        problems: what was answered otherwise than it must be.
    """

    stack: Stack
    count: int
    seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _told: dict[Moment, tuple[dict[str, int], int, list[Row]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        for number in range(self.count):
            thread = threading.Thread(target=self._read, args=(number,), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(timeout=90)

    def judge(self, archive: duckdb.DuckDBPyConnection) -> int:
        """Each answer counted exactly the events before the offsets that it names.

        How many moments were recounted.
        """
        assert self.problems == []
        for moment, (offsets, total, rows) in self._told.items():
            expected = songs_before(archive, offsets, listener=moment.listener)
            assert (total, rows) == (len(expected), expected[:PAGE]), moment
        return len(self._told)

    def _read(self, number: int) -> None:
        chance = random.Random(number)
        where = urlsplit(api_url(self.stack.settings))
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        try:
            while not self._ended.is_set():
                self._ask(connection, chance.choice(QUESTIONS))
        except Exception as error:  # noqa: BLE001 - told by the test's own thread
            self.problems.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection, question: dict[str, str]) -> None:
        began = time.monotonic()
        connection.request("GET", f"/api/top-songs?{urlencode({**question, 'limit': PAGE})}")
        response = connection.getresponse()
        body = response.read()
        self.seconds.append(time.monotonic() - began)
        if response.status != http.client.OK:
            self.problems.append(f"{response.status} {body[:200]!r}")
            return
        self._keep(question.get("listener"), json.loads(body))

    def _keep(self, listener: str | None, answer: dict[str, Any]) -> None:
        as_of = answer["as_of"]
        told = as_of["offsets"], answer["total"], rows_of(answer)
        moment = Moment(listener, as_of["batch_version"], as_of["head_seq"])
        with self._lock:
            if self._told.setdefault(moment, told) != told:
                self.problems.append(f"two answers of {moment} differ")
