"""Simulated listens as messages for Kafka, or for the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ingestion.simulator.blocks import simulated
from ingestion.simulator.parts import (
    Fields,
    Kept,
    Parts,
    ending,
    ending_numbers,
    platform,
    reaction,
    reaction_numbers,
)
from ingestion.simulator.playbacks import Playbacks
from ingestion.simulator.world import World, make_world
from listens import identity
from listens.codec import encoded_long, message_head, part_encoder
from listens.rows.platforms import folded

SOURCE = "simulator"

Message = tuple[str, bytes]
"""Listener and encoded listen."""
Row = tuple[int, int, int, int, int, int, int, int]
"""One playback: listener, song, ended_at, ms_played, platform, ending, reaction, age."""


def simulate_listens(
    *,
    rows: int,
    seed: int,
    listeners: int = 1,
    songs: int = 5_000,
    first_year: int = 2019,
    last_year: int = 2024,
) -> Iterator[Message]:
    """Yield `(listener_id, encoded listen)`; the same arguments give the same messages.

    Everything is in order of time, so that listeners are interleaved as in a live stream.
    """
    world = make_world(
        seed=seed, listeners=listeners, songs=songs, first_year=first_year, last_year=last_year
    )
    return messages(world, simulated(world, rows=rows))


def messages(
    world: World, blocks: Iterable[Playbacks], *, import_id: str | None = None
) -> Iterator[Message]:
    """The playbacks of some blocks, encoded."""
    encoder = Encoder(world, import_id=import_id)
    return (encoder.message(row, row[2]) for block in blocks for row in rows_of(block))


def rows_of(playbacks: Playbacks) -> Iterator[Row]:
    """One tuple a playback."""
    columns = (
        playbacks.listener,
        playbacks.song,
        playbacks.ended_at_ms,
        playbacks.ms_played,
        playbacks.platform,
        ending_numbers(playbacks),
        reaction_numbers(playbacks),
        playbacks.age,
    )
    return zip(*(column.tolist() for column in columns), strict=True)


class Encoder:
    """Puts messages together from parts that are encoded once each.

    Args:
        world: that the listens are of.
        import_id: of the import that they are, if any.
    """

    def __init__(self, world: World, *, import_id: str | None = None) -> None:
        parts = Parts(world)
        origin: Fields = {"source": SOURCE, "import_id": import_id}
        person = part_encoder("listener_id", "listener_id")
        song = part_encoder("kind", "duration_ms")
        device = part_encoder("platform", "platform_raw")
        home = part_encoder("country", "timezone")
        mood, personality = (part_encoder(name, name) for name in ("mood", "personality"))
        deed, age = (
            part_encoder("interaction", "rating"),
            part_encoder("listener_age", "listener_age"),
        )
        end = part_encoder("reason_start", "import_id")
        self._ids = world.listeners.ids
        self._person = Kept(lambda n: person({"listener_id": self._ids[n]}))
        self._song = Kept(lambda n: _identified(song, parts.song(n)))
        self._device = Kept(
            lambda n: device({"platform": folded(platform(n)), "platform_raw": platform(n)})
        )
        self._home = Kept(lambda n: home(parts.home(n)))
        self._mood = Kept(lambda n: mood(reaction(n)))
        self._personality = Kept(lambda n: personality({"personality": parts.personality(n)}))
        self._deed = Kept(lambda n: deed(reaction(n)))
        self._age = Kept(lambda n: age({"listener_age": n}))
        self._ending = Kept(lambda n: end({**ending(n), **origin}))
        self._head = message_head()

    def message(self, row: Row, ended_at_ms: int) -> Message:
        """A playback, ended at any time."""
        listener, song, _, ms_played, device, end, react, age = row
        listener_id = self._ids[listener]
        song_id, encoded_song = self._song[song]
        event_id = identity.event_id(listener_id, ended_at_ms, song_id, ms_played, 0)
        message = b"".join(
            (
                self._head,
                event_id,
                self._person[listener],
                encoded_long(ended_at_ms),
                encoded_long(ms_played),
                encoded_song,
                self._device[device],
                self._home[listener],
                self._mood[react],
                self._personality[listener],
                self._deed[react],
                self._age[age],
                self._ending[end],
            )
        )
        return listener_id, message


def _identified(encode: Callable[[Fields], bytes], song: Fields) -> tuple[bytes, bytes]:
    """The song's id, and all that a message says of the song."""
    artist, album = song["artist"], song["album"]
    ids = {
        "song_id": identity.song_id(artist, song["title"]),
        "artist_id": identity.artist_id(artist),
        "album_id": identity.album_id(artist, album),
    }
    return ids["song_id"], encode({**song, **ids, "kind": "music"})
