"""One file, one import: read, normalise, encode, send, and keep the account."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Protocol

from ingestion import ledger
from ingestion.histories import History
from ingestion.interruption import InterruptedImportError, Interruption
from ingestion.overlap import Overlap
from ingestion.rejection_log import RejectionLog, rejection_log
from listens.codec import encode
from listens.errors import PlaycountError
from listens.rows.normalise import Listen, Normaliser
from listens.rows.rejections import Rejection

if TYPE_CHECKING:
    from listens.settings import Settings
    from listens.store import Store

TOUCH_SECONDS = 5
LOOK_EVERY_ROWS = 500

LISTENS_AT_ONCE = 10_000
"""Held in memory, some 20 MB, so that what was counted before is looked up in few queries."""


@dataclass
class Tally:
    """What one import has done so far.

    Attributes:
        log: the rejections.
        read: records in the file so far.
        overlap: listens left out, since a format of another precision brought them before.
        assumed: of how many listens the time played isn't told; see `listens.rows.scrobbles`.
    """

    log: RejectionLog
    read: int = 0
    overlap: int = 0
    assumed: Counter[str] = field(default_factory=Counter)

    def facts(self) -> dict[str, Any]:
        """As the ledger keeps them."""
        return {
            "read": self.read,
            "overlap": self.overlap,
            "assumed": dict(sorted(self.assumed.items())),
            "rejected": self.log.total,
            "rejected_by_reason": dict(sorted(self.log.by_reason.items())),
        }


class Sink(Protocol):
    """Where messages go: Kafka, or the parts of a bulk load.

    Attributes:
        on_wait: called while the sink waits; may raise.
        acknowledged: messages of this file that are safe.
        end_offsets: partition → the offset after its last safe message.
    """

    on_wait: Callable[[], None]
    acknowledged: int
    end_offsets: dict[int, int]

    def start_account(self) -> None:
        """Begin to count from nothing, for the next file."""

    def send(self, listener_id: str, message: bytes) -> None:
        """Hand over one message."""

    def flush(self) -> None:
        """Return when everything is safe."""


@dataclass(frozen=True)
class Importer:
    """What every file of one command has in common.

    Attributes:
        listener_id: whose histories they are; None: each row says it.
        on_rows: told how many more rows were read.
        interruption: looked at between rows.
        sent: the ledger's state of an import of which everything is safe.
        more: what else the ledger keeps.
        keep_overlap: send also what a format of another precision brought before.
    """

    settings: Settings
    store: Store
    sink: Sink
    listener_id: str | None
    on_rows: Callable[[int], None]
    interruption: Interruption
    sent: str = ledger.SENT
    more: Mapping[str, Any] = field(default_factory=dict)
    keep_overlap: bool = False

    def import_history(
        self, history: History, import_id: str | None = None
    ) -> tuple[str, RejectionLog]:
        """Send one history; returns the import's id, new where none is given, and its rejections.

        Raises:
            InterruptedImportError: the user stopped it; the ledger says so.
            DeliveryError: Kafka didn't take it; the ledger says so.
        """
        import_id = import_id or ledger.new_import_id(datetime.now(UTC))
        ledger.started(self.store, import_id=import_id, facts=self._facts(history))
        self.sink.start_account()
        with rejection_log(self.settings.rejected_rows / f"{import_id}.jsonl") as log:
            tally = Tally(log)
            try:
                self._send_all(history, import_id, tally)
            except PlaycountError as error:
                interrupted = isinstance(error, InterruptedImportError)
                state = ledger.INTERRUPTED if interrupted else ledger.FAILED
                self._finish(import_id, tally, state=state, error=str(error))
                raise
        self._finish(import_id, tally, state=self.sent)
        return import_id, log

    def _facts(self, history: History) -> dict[str, Any]:
        return {
            "listener_id": self.listener_id,
            "file": PurePath(history.source.name).name,
            "format": history.format,
            "bytes": history.size,
            "sha256": history.sha256,
            "rows": history.row_count,
            **self.more,
        }

    def _send_all(self, history: History, import_id: str, tally: Tally) -> None:
        pulse = _Pulse(self, import_id, tally)
        self.sink.on_wait = pulse.beat
        rows = listens_of(history, self.listener_id, import_id, tally)
        overlap = None if self.keep_overlap else Overlap(self.store, source=history.format)
        while True:
            pulse.beat()  # before more is read: what is read is then what is sent
            if not (listens := list(islice(rows, LISTENS_AT_ONCE))):
                break
            if overlap:
                listens, read = overlap.without(listens), len(listens)
                tally.overlap += read - len(listens)
            for number, listen in enumerate(listens):
                self.sink.send(listen["listener_id"], encode(listen))
                if number % LOOK_EVERY_ROWS == 0:
                    pulse.tell()
        self.sink.flush()
        pulse.report()

    def _finish(self, import_id: str, tally: Tally, *, state: str, **more: Any) -> None:
        offsets = {str(partition): end for partition, end in self.sink.end_offsets.items()}
        facts = {**tally.facts(), "sent": self.sink.acknowledged, "end_offsets": offsets, **more}
        ledger.finished(self.store, import_id, state=state, facts=facts)


class _Pulse:
    """Between rows: shows progress, touches the ledger, and looks for an interruption."""

    def __init__(self, importer: Importer, import_id: str, tally: Tally) -> None:
        self._importer, self._import_id, self._tally = importer, import_id, tally
        self._reported = 0
        self._touched = time.monotonic()

    def beat(self) -> None:
        if self._importer.interruption.requested:
            self._stop()
        self.tell()

    def tell(self) -> None:
        self.report()
        if time.monotonic() - self._touched < TOUCH_SECONDS:
            return
        self._touched = time.monotonic()
        tally, sink = self._tally, self._importer.sink
        ledger.touched(
            self._importer.store,
            self._import_id,
            read=tally.read,
            sent=sink.acknowledged,
            overlap=tally.overlap,
            rejected=tally.log.total,
        )

    def report(self) -> None:
        self._importer.on_rows(self._tally.read - self._reported)
        self._reported = self._tally.read

    def _stop(self) -> None:
        sink = self._importer.sink
        # From here on a wait must not look for the interruption again.
        sink.on_wait = lambda: None
        sink.flush()
        raise InterruptedImportError(
            f"interrupted after {self._tally.read:,} rows, of which {sink.acknowledged:,} were "
            "sent; import the file again when you like: nothing is added twice"
        )


def listens_of(
    history: History, listener_id: str | None, import_id: str | None, tally: Tally
) -> Iterator[Listen]:
    """The listens of one history, in the order of its rows; the rejected go to the tally."""
    normalise = Normaliser(
        listener_id=listener_id,
        source=history.format,
        import_id=import_id,
        now_ms=int(time.time() * 1000),
        date_order=history.date_order,
    )
    for number, row in history.rows():
        tally.read += 1
        listen = normalise(number, row)
        if isinstance(listen, Rejection):
            tally.log.add(listen)
        else:
            if isinstance(row, dict) and (assumed := row.get("assumed")):
                tally.assumed[assumed] += 1
            yield listen


def dry_run(history: History, listener_id: str | None) -> Tally:
    """Read and normalise one history without sending or writing anything."""
    tally = Tally(RejectionLog(None))
    for _ in listens_of(history, listener_id, None, tally):
        pass
    return tally
