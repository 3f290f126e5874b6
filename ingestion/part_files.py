"""The way of a bulk load: messages in files for Spark to read, instead of to Kafka."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.part_folders import PartFolder

ROWS_A_PART = 200_000
"""About 45 MB of messages in memory, and one task of Spark's."""

_SCHEMA = pa.schema([("offset", pa.int64()), ("key", pa.binary()), ("value", pa.binary())])


class PartSink:
    """Writes messages in order, numbered through all files of a load.

    Args:
        folder: of the load; made, and empty.

    Attributes:
        acknowledged: messages of this file that are in a part.
        end_offsets: always empty: nothing went to Kafka.
        on_wait: never called.
        written: messages of all files that are in a part.
    """

    def __init__(self, folder: PartFolder) -> None:
        self.on_wait: Callable[[], None] = lambda: None
        self.end_offsets: dict[int, int] = {}
        self.written = 0
        self._folder = folder
        self._keys: list[bytes] = []
        self._values: list[bytes] = []
        self.start_account()

    def start_account(self) -> None:
        """Begin to count from nothing, for the next file."""
        self.acknowledged = 0

    def send(self, listener_id: str, message: bytes) -> None:
        """Hand over one message."""
        self._keys.append(listener_id.encode())
        self._values.append(message)
        if len(self._values) >= ROWS_A_PART:
            self.flush()

    def flush(self) -> None:
        """Write what is held into a part of its own."""
        count = len(self._values)
        if not count:
            return
        offsets = range(self.written, self.written + count)
        part = pa.table([offsets, self._keys, self._values], schema=_SCHEMA)
        content = pa.BufferOutputStream()
        pq.write_table(part, content, compression="zstd")
        self._folder.write(f"{self.written:012}.parquet", content.getvalue().to_pybytes())
        self._keys, self._values = [], []
        self.written += count
        self.acknowledged += count
