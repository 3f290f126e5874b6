"""Someone who asks the API all the time, and whose answers are recounted afterwards."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from types import TracebackType
from typing import Any, Self

import duckdb

from stack.probes import api_url
from tests.crashes.harness import AWAY, Stack

PAUSE_SECONDS = 0.4
PAGE = 1000
QUESTIONS: tuple[dict[str, str], ...] = ({}, {"listener": "listener-1"}, {"listener": "listener-2"})


class Witness:
    """While it's entered, a thread asks for the chart of songs, whatever is being killed."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="witness", daemon=True)
        self.answers: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.refused = 0
        self.wrong_codes: list[int] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=90)

    def judge(self, archive: duckdb.DuckDBPyConnection) -> int:
        """Each answer counted exactly the events before the offsets that it names.

        How many were recounted; an answer that repeats the one before isn't.
        """
        assert self.wrong_codes == []
        recounted = set()
        for question, answer in self.answers:
            head = (str(question), answer["as_of"]["head_seq"], answer["as_of"]["batch_version"])
            if head in recounted:
                continue
            recounted.add(head)
            expected = songs_before(
                archive, answer["as_of"]["offsets"], listener=question.get("listener")
            )
            found = rows_of(answer)
            assert answer["total"] == len(expected), (question, answer["as_of"])
            assert found == expected[:PAGE], (question, answer["as_of"])
        return len(recounted)

    def _ask(self) -> None:
        turn = 0
        while not self._ended.wait(PAUSE_SECONDS):
            question = QUESTIONS[turn % len(QUESTIONS)]
            turn += 1
            query = urllib.parse.urlencode({**question, "limit": str(PAGE)})
            url = f"{api_url(self._stack.settings)}/api/top-songs?{query}"
            try:
                with urllib.request.urlopen(url, timeout=60) as answer:
                    self.answers.append((question, json.load(answer)))
            except urllib.error.HTTPError as error:
                self.refused += 1
                if error.code != AWAY:
                    self.wrong_codes.append(error.code)


def rows_of(answer: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Song, plays and milliseconds of each item, as `songs_before` has them."""
    return [(item["song_id"], item["plays"], item["ms_played"]) for item in answer["items"]]


def songs_before(
    archive: duckdb.DuckDBPyConnection, offsets: dict[str, int], *, listener: str | None
) -> list[tuple[str, int, int]]:
    """Song, plays and milliseconds of the different listens before an offset vector, by rank."""
    spans = [f'(partition = {int(name)} AND "offset" < {end})' for name, end in offsets.items()]
    before = " OR ".join(spans) or "false"  # no offsets before the first commit
    narrowed = "AND listener_id = $listener" if listener else ""
    rows = archive.execute(
        f"""WITH music AS (
                SELECT DISTINCT event_id, lower(hex(song_id)) AS song, ms_played AS ms,
                       coalesce(completed OR reason_end = 'trackdone', false) AS completed,
                       coalesce(skipped, false)
                         OR coalesce(reason_end IN ('fwdbtn', 'backbtn'), false) AS skipped
                FROM rows
                WHERE rejection IS NULL AND kind = 'music' AND ({before}) {narrowed})
            SELECT song, count(*) FILTER (ms >= 30000) AS plays, sum(ms)
            FROM music GROUP BY song HAVING bool_or(ms > 0 OR completed OR skipped)
            ORDER BY plays DESC, song""",
        {"listener": listener} if listener else {},
    ).fetchall()
    return [(song, int(counted), int(ms)) for song, counted, ms in rows]
