"""Simulated histories that flow into a stack, each of a listener of its own."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from kafka import KafkaProducer

from ingestion import ledger
from listens import store as collections
from tests.crashes.harness import Stack, eventually, say, simulate

MOST_TRIES = 3
JUNK = 2  # messages that are no listens, beside each file


@dataclass
class Import:
    """A file under way; it's imported again until a command has sent all of it."""

    path: Path
    listener: str
    rows: int
    process: subprocess.Popen[str]
    tries: int = 1


@dataclass
class Feed:
    """Imports files one after the other, each as its own process, without waiting for them."""

    stack: Stack
    rows: int
    imports: list[Import] = field(default_factory=list)
    killed: int = 0
    junk: int = 0

    @property
    def files(self) -> list[tuple[str, str, Path]]:
        """As the independent count takes them."""
        return [(each.listener, "csv", each.path) for each in self.imports]

    def more(self, rows: int = 0) -> Import:
        """Begin to import another history, and send two messages that are none."""
        rows = rows or self.rows
        number = len(self.imports) + 1
        path = self.stack.settings.home / f"history-{number}.csv"
        simulate(path, rows=rows, seed=self.stack.rng.randrange(10**6))
        listener = f"listener-{number}"
        begun = Import(path, listener, rows, self._begin(path, listener))
        self.imports.append(begun)
        self._send_junk()
        return begun

    def more_under_way(self) -> Import:
        """As `more`, and wait until rows of it have arrived."""
        before = sum(self.stack.end_offsets().values())
        begun = self.more()
        eventually(
            lambda: (
                sum(self.stack.end_offsets().values()) > before + JUNK
                or begun.process.poll() is not None
            ),
            "rows of the import on Kafka",
        )
        return begun

    def keep_flowing(self, backlog: int) -> None:
        """Import more while less than `backlog` messages wait to be counted."""
        rows = self.rows
        while self.stack.backlog() < backlog:
            self.more(rows)
            self.settle()
            rows *= 2  # or else an import on a busy machine is slower than the counting

    def kill_importer(self) -> None:
        """Kill an import in the midst of its rows, then import the file again."""
        before = sum(self.stack.end_offsets().values())
        begun = self.more_under_way()
        begun.process.send_signal(signal.SIGKILL)
        code = self.stack.finish(begun.process)
        sent = sum(self.stack.end_offsets().values()) - before - JUNK
        say(f"importer killed after {sent:,} of {begun.rows:,} rows (exit code {code})")
        self.killed += code == -signal.SIGKILL
        self._again(begun)
        self.settle()

    def settle(self) -> None:
        """Wait until every file is sent; a failed import is begun again, as its user would."""
        for each in self.imports:
            while code := self.stack.finish(each.process):
                words = self.stack.output(each.process, "err")[-600:]
                say(f"import {each.path.name} ended with {code}: {words}")
                assert each.tries < MOST_TRIES, words
                self._again(each)

    def _begin(self, path: Path, listener: str) -> subprocess.Popen[str]:
        return self.stack.command("import", str(path), "--listener", listener, "--json")

    def _again(self, begun: Import) -> None:
        begun.process = self._begin(begun.path, begun.listener)
        begun.tries += 1

    def _send_junk(self) -> None:
        """One message that is no listen at all, and one that breaks off."""
        settings = self.stack.settings
        producer = KafkaProducer(
            bootstrap_servers=settings.bootstrap_servers, reconnect_backoff_max_ms=1000
        )
        for number, value in enumerate((b"junk", bytes.fromhex("c301") + b"\0" * 8)):
            producer.send(settings.topic, key=b"junk", value=value, partition=number)
        producer.flush(timeout=120)
        producer.close()
        self.junk += JUNK

    def balances(self) -> list[dict[str, int]]:
        """The settled accounts of the ledger."""
        store = self.stack.store
        eventually(
            lambda: (
                ledger.settle(store) is not None
                and not store[collections.IMPORTS].count_documents({"state": ledger.SENT})
            ),
            "settled imports",
        )
        return list(store[collections.IMPORTS].find({"state": ledger.SETTLED}))
