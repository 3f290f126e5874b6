"""The newest listens as the live feed keeps them: one document a commit, its listens packed.

`{_id: seq, n, left_out, first_ended_at, last_ended_at, listeners, packed}`. `packed` is an Arrow
stream under zstd: ten thousand listens take 1 MB of the commit's transaction, where as many BSON
documents take 5 MB and three times as long to make. `listeners` finds whom an erasure takes out.
`collected` is true of the last commit after which others were removed: the newest listens after an
earlier commit can't be told any more.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from listens.store import Document

RECENT_KEPT = 10_000
"""Listens that the live feed keeps at least, by the time of listening and by that of counting."""

MOST_BYTES = 8 << 20
"""Of a packed commit: half of what MongoDB takes as one document."""

SCHEMA = pa.schema(
    [
        ("place", pa.int32()),
        ("event_id", pa.binary()),
        ("listener_id", pa.string()),
        ("ended_at", pa.timestamp("ms", "UTC")),
        ("ms_played", pa.int64()),
        ("kind", pa.string()),
        ("song_id", pa.binary()),
        *((name, pa.string()) for name in ("title", "artist", "album", "genre")),
        *((name, pa.string()) for name in ("platform", "country", "city", "mood")),
        *((name, pa.string()) for name in ("personality", "interaction")),
        ("skipped", pa.bool_()),
        ("completed", pa.bool_()),
        ("rating", pa.int32()),
        ("duration_ms", pa.int64()),
    ]
)
"""`place` numbers the listens of a commit; it stays when an erasure takes others out.

`skipped` and `completed` are what the rules say, and not what the source has said.
"""

NEWEST_FIRST = [("ended_at", "descending"), ("event_id", "descending")]


def recent_document(listens: pa.Table, *, seq: int) -> Document:
    """A commit's listens (SCHEMA, in the commit's order; one at least) as they are kept.

    Of more than are kept at all, the newest; of texts without measure, fewer.
    """
    kept = listens
    if listens.num_rows > RECENT_KEPT:
        newest = pc.select_k_unstable(listens, k=RECENT_KEPT, sort_keys=NEWEST_FIRST)
        kept = listens.take(newest.sort())
    while len(pack(kept)) > MOST_BYTES:
        kept = kept[kept.num_rows // 2 + 1 :]
    return packed_fields(kept) | {
        "_id": seq,
        "left_out": listens.num_rows - kept.num_rows,
        "first_ended_at": pc.min(listens["ended_at"]).as_py(),
        "last_ended_at": pc.max(listens["ended_at"]).as_py(),
    }


def packed_fields(listens: pa.Table) -> Document:
    """The fields of a document that change when listens are taken out."""
    return {
        "n": listens.num_rows,
        "listeners": pc.unique(listens["listener_id"]).to_pylist(),
        "packed": pack(listens),
    }


def pack(listens: pa.Table) -> bytes:
    """An Arrow stream under zstd."""
    sink = pa.BufferOutputStream()
    with (
        pa.CompressedOutputStream(sink, "zstd") as packed,
        pa.ipc.new_stream(packed, listens.schema) as stream,
    ):
        stream.write_table(listens)
    return bytes(sink.getvalue())


def unpack(packed: bytes) -> pa.Table:
    """The inverse of `pack`."""
    with pa.ipc.open_stream(pa.CompressedInputStream(pa.BufferReader(packed), "zstd")) as stream:
        return stream.read_all()


def without_listener(listens: pa.Table, listener: str) -> pa.Table:
    """The listens of everybody else."""
    return listens.filter(pc.not_equal(listens["listener_id"], listener))


def with_commit(document: Document) -> pa.Table:
    """The listens of a document, and `seq`, the number of their commit."""
    listens = unpack(document["packed"])
    return listens.append_column(
        "seq", pa.repeat(pa.scalar(document["_id"], pa.int64()), len(listens))
    )


def newest(tables: Iterable[pa.Table], *, most: int = RECENT_KEPT) -> pa.Table:
    """The newest listens of some tables, the newest first, ties by event id."""
    together = pa.concat_tables(tables)
    return together.sort_by(NEWEST_FIRST)[:most]
