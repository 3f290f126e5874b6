"""The live feed: one reader of the commits a process, from which all its streams are served.

What came last is held once, rendered, for all of them; a stream itself has no more than its place.
One that has fallen behind what is held reads the store, and so does one that was resumed.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pymongo
from pymongo.errors import PyMongoError

from api.live.events import event
from api.live.newest import Erased, commits_between, erased, kept_since, without_erased
from api.questions.listen_queries import Place
from api.shapes.listen_items import items_of
from listens.errors import PlaycountError
from listens.recent import RECENT_KEPT, with_commit
from listens.store import SPEED_COMMITS, Document, Store

POLL_SECONDS = 0.5
STALLED_SECONDS = 30
"""How long a client may leave a piece unread; it's then cut off, and resumes by itself."""

READ_SECONDS = 5
HELD_COMMITS = 100
"""For streams that are a little behind. However few its listens are, a commit takes 20 to 35 kB, as
an Arrow table has a schema of its own: 10,000 commits of one listen took 207 MiB."""

COMMITS_AT_ONCE = 10
"""Read for a stream that is behind what is held; a few at a time leave MongoDB."""

_log = logging.getLogger(__name__)


class FeedFullError(PlaycountError):
    """There are as many streams as may be open."""


@dataclass(frozen=True)
class Commit:
    """A commit's listens, each of them as an event; and how many of it aren't kept."""

    seq: int
    listens: pa.Table
    events: Sequence[bytes]
    left_out: int


@dataclass(frozen=True)
class Step:
    """What a stream goes on with.

    Attributes:
        begins: the place after which everything is here; later than asked where there's a gap.
        commits: those with listens.
        until: the commit that has been reached with them.
    """

    begins: Place
    commits: Iterable[Commit]
    until: int


@dataclass(eq=False)
class Client:
    """An open stream.

    Attributes:
        connection: the client's socket, where the server has one.
        writing_since: when the piece began that is being sent; None between two pieces.
    """

    connection: socket.socket | None = None
    writing_since: float | None = field(default=None)

    def cut(self) -> None:
        """End a write that doesn't come to its end."""
        if self.connection:
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                _log.debug("the client was gone")


class Feed:
    """Listens in the order in which they were counted; safe among threads."""

    def __init__(self, store: Store, *, most_clients: int) -> None:
        self.stopping = threading.Event()
        self.until = 0
        self._store = store
        self._most_clients = most_clients
        self._changed = threading.Condition()
        self._clients: set[Client] = set()
        self._held: deque[Commit] = deque()
        self._since = 0
        self._erasures: Erased = {}
        self._is_read = False

    def join(self, connection: socket.socket | None = None) -> Client:
        """Open a stream; the first one starts the reader.

        Raises:
            FeedFullError: so many are open.
            PyMongoError: the store doesn't answer.
        """
        client = Client(connection)
        with self._changed:
            if self.stopping.is_set() or len(self._clients) >= self._most_clients:
                raise FeedFullError(f"{len(self._clients)} streams are open, and no more may be")
            if not self._is_read:
                self._begin()
            self._clients.add(client)
        return client

    def leave(self, client: Client) -> None:
        """Close a stream; the reader ends with the last one."""
        with self._changed:
            self._clients.discard(client)

    def stop(self) -> None:
        """End all streams; safe in a signal handler."""
        self.stopping.set()

    def wait(self, seq: int, *, seconds: float) -> None:
        """Until there's another commit than `seq`, or the end; or until the time is over."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.stopping.is_set() or self.until != seq, max(seconds, 0)
            )

    def after(self, place: Place) -> Step:
        """The commits after a place, from what is held or some of them from the store."""
        whole = place.whole_commits
        self._catch_up(place.seq)
        with self._changed:
            held, until, since = [*self._held], self.until, self._since
        if place.seq > until:  # of a store that was emptied since
            return Step(Place(until), (), until)
        if since <= whole:
            return Step(place, [commit for commit in held if commit.seq > whole], until)
        documents = list(commits_between(self._store, whole, until, most=COMMITS_AT_ONCE))
        if len(documents) == COMMITS_AT_ONCE:
            until = documents[-1]["_id"]
        # Looked at last, so that what is collected as garbage meanwhile is missed.
        kept = kept_since(self._store, whole, until)
        if kept != whole:
            return Step(Place(kept_since(self._store, whole, self.until)), (), kept)
        erasures = self._erasures
        return Step(place, (_commit(document, erasures) for document in documents), until)

    def _catch_up(self, seq: int) -> None:
        """Wait for a commit of which another server was the first to tell."""
        if seq > self.until and seq <= self._head():
            with self._changed:
                self._changed.wait_for(
                    lambda: self.stopping.is_set() or self.until >= seq, READ_SECONDS
                )

    def _begin(self) -> None:
        self.until = self._since = self._head()
        self._erasures = erased(self._store, self.until)
        self._held.clear()
        self._is_read = True
        threading.Thread(target=self._read, name="feed", daemon=True).start()

    def _read(self) -> None:
        while not self.stopping.wait(POLL_SECONDS):
            with self._changed:
                if not self._clients:
                    self._is_read = False
                    return
            self._cut_stalled(STALLED_SECONDS)
            try:
                while self._poll():
                    pass
            except PyMongoError as error:
                _log.warning("the feed waits for MongoDB: %s", type(error).__name__)
            except Exception:  # noqa: BLE001 - a thread ends here, and all streams with it
                _log.exception("the feed failed; it's tried again")
        with self._changed:
            self._changed.notify_all()
        time.sleep(POLL_SECONDS)
        self._cut_stalled(POLL_SECONDS)

    def _poll(self) -> bool:
        """Take up some commits since the last time; whether there are more."""
        with pymongo.timeout(READ_SECONDS):
            # The head first: each commit before it is there when the commits are read.
            head = self._head()
            if head == self.until:
                return False
            begun = erased(self._store, head)
            documents = list(commits_between(self._store, self.until, head, most=COMMITS_AT_ONCE))
        reached = documents[-1]["_id"] if len(documents) == COMMITS_AT_ONCE else head
        more = [_commit(document, begun) for document in documents]
        with self._changed:
            if head < self.until:  # a store that was emptied
                self._held.clear()
                self._since = head
            elif begun != self._erasures:
                self._held = deque(_without_erased(commit, begun) for commit in self._held)
            self._held.extend(more)
            self.until, self._erasures = reached, begun
            self._let_go()
            self._changed.notify_all()
        return reached != head

    def _let_go(self) -> None:
        rows = sum(len(commit.events) for commit in self._held)
        while len(self._held) > HELD_COMMITS or (rows > RECENT_KEPT and len(self._held) > 1):
            oldest = self._held.popleft()
            rows -= len(oldest.events)
            self._since = oldest.seq

    def _head(self) -> int:
        newest = self._store[SPEED_COMMITS].find_one({}, {"_id": 1}, sort=[("_id", -1)])
        return int(newest["_id"]) if newest else 0

    def _cut_stalled(self, seconds: float) -> None:
        with self._changed:
            clients = [*self._clients]
        for client in clients:
            since = client.writing_since
            if since is not None and time.monotonic() - since > seconds:
                _log.info("a stream was cut off, as its client doesn't read")
                client.cut()


def _commit(document: Document, erasures: Erased) -> Commit:
    listens = without_erased(with_commit(document), erasures)
    return _rendered(document["_id"], listens, document["left_out"])


def _without_erased(commit: Commit, erasures: Erased) -> Commit:
    return _rendered(commit.seq, without_erased(commit.listens, erasures), commit.left_out)


def _rendered(seq: int, listens: pa.Table, left_out: int) -> Commit:
    rows = zip(listens["place"].to_pylist(), items_of(listens), strict=True)
    events = [event("listen", item, str(Place(seq, place))) for place, item in rows]
    return Commit(seq, listens, events, left_out)
