"""One stream of listens, as it's sent: filtered pieces of commits, and heartbeats between them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pymongo
from pymongo.errors import PyMongoError

from api.live.events import event, heartbeat, opening
from api.live.feed import READ_SECONDS, Client, Commit, Feed
from api.live.newest import fitting
from api.questions.listen_queries import Place

HEARTBEAT_SECONDS = 15
LISTENS_A_PIECE = 500
"""Some 300 kB, which is what a stream takes of memory at most."""

_log = logging.getLogger(__name__)

Wanted = Mapping[str, tuple[Any, ...]]


def stream(feed: Feed, client: Client, place: Place, wanted: Wanted) -> Iterator[bytes]:
    """The listens after a place and all that come, until the server stops or the client goes."""
    for piece in _pieces(feed, place, wanted):
        client.writing_since = time.monotonic()
        yield piece
        client.writing_since = None


def _pieces(feed: Feed, place: Place, wanted: Wanted) -> Iterator[bytes]:
    yield opening(str(place))
    sent_at = time.monotonic()
    while not feed.stopping.is_set():
        try:
            with pymongo.timeout(READ_SECONDS):
                step = feed.after(place)
        except PyMongoError as error:
            _log.warning("a stream ends, to be resumed: %s", type(error).__name__)
            return
        if step.begins != place:
            yield _gap(place, step.begins, None)
            place = step.begins
        for commit in step.commits:
            for piece in _of_commit(commit, place, wanted):
                yield piece
                sent_at = time.monotonic()
            if feed.stopping.is_set():
                return
        place = Place(max(step.until, place.seq))
        if time.monotonic() - sent_at >= HEARTBEAT_SECONDS:
            yield heartbeat(str(place))
            sent_at = time.monotonic()
        feed.wait(place.seq, seconds=sent_at + HEARTBEAT_SECONDS - time.monotonic())


def _of_commit(commit: Commit, place: Place, wanted: Wanted) -> Iterator[bytes]:
    if commit.left_out:
        yield _gap(Place(commit.seq - 1), Place(commit.seq - 1), commit.left_out)
    events = [commit.events[row] for row in _rows(commit, place, wanted)]
    for first in range(0, len(events), LISTENS_A_PIECE):
        yield b"".join(events[first : first + LISTENS_A_PIECE])


def _rows(commit: Commit, place: Place, wanted: Wanted) -> list[int]:
    numbered = commit.listens.append_column("row", pa.array(np.arange(len(commit.events))))
    if place.seq == commit.seq:  # a part of it was sent before
        numbered = numbered.filter(pa.array(np.array(numbered["place"]) > place.place))
    rows: list[int] = fitting(numbered, wanted)["row"].to_pylist()
    return rows


def _gap(place: Place, begins: Place, listens: int | None) -> bytes:
    data = {"after": str(place), "until": str(begins), "listens": listens}
    return event("gap", data, str(begins))
