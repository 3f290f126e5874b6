"""A topic with listens, repeats and messages that are none, and what it holds by plain counting."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kafka import KafkaProducer

from listens import codec
from listens.settings import Settings

MORNING = datetime(2024, 5, 1, 8, tzinfo=UTC)
PERSONALITIES = ("ENVU", "FTLC", None)
GENRES = ("jazz", "Schlager", None)
NO_LISTENS = 4  # what `send_no_listens` sends


@dataclass
class Topic:
    """Sends to the settings' topic, and remembers each listen once, as it was sent first."""

    settings: Settings
    listens: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    sent: int = 0

    def send(self, count: int, *, seed: int = 1, listeners: int = 7) -> None:
        """Send so many made-up listens, and a twentieth of them once more."""
        rng = random.Random(seed)
        made = [_made(rng, f"listener {rng.randrange(listeners)}", number=n) for n in range(count)]
        again = rng.sample(made, count // 20)
        self._produce([(each["listener_id"].encode(), codec.encode(each)) for each in made + again])
        for each in made:
            self.listens.setdefault(each["event_id"], each)

    def send_no_listens(self) -> None:
        """One message for each reason why a sink leaves one out that the codec finds."""
        good = _made(random.Random(0), "ann", number=0)
        self._produce(
            [
                (b"ann", b"no Avro"),
                (b"ann", codec.MARKER + bytes(20)),
                (b"ann", codec.encode(good)[:-5]),
                (b"bob", codec.encode(good)),
            ]
        )

    def _produce(self, messages: list[tuple[bytes, bytes]]) -> None:
        producer = KafkaProducer(bootstrap_servers=self.settings.bootstrap_servers, linger_ms=20)
        for key, value in messages:
            producer.send(self.settings.topic, key=key, value=value)
        producer.flush(timeout=60)
        producer.close()
        self.sent += len(messages)


def _made(rng: random.Random, listener: str, *, number: int) -> dict[str, Any]:
    """A listen with most fields; every hundredth title holds what databases stumble over."""
    artist = rng.randrange(40)
    odd = "\0'\"\\\t\n\U0001f3b6" if number % 100 == 0 else ""
    return {
        "event_id": rng.randbytes(16),
        "listener_id": listener,
        "ended_at": MORNING + timedelta(milliseconds=rng.randrange(10**10)),
        "ms_played": rng.choice((0, 5_000, 30_000, 180_000)),
        "kind": rng.choice(("music", "music", "podcast")),
        "song_id": rng.randbytes(16),
        "title": f"Song {rng.randrange(500)}{odd}",
        "artist": f"Artist {artist}",
        "artist_id": bytes([artist]) * 16,
        "album": rng.choice(("Album", None)),
        "genre": rng.choice(GENRES),
        "year": rng.choice((1971, 2024, None)),
        "danceability": rng.choice((0.25, None)),
        "duration_ms": rng.choice((200_000, None)),
        "platform": rng.choice(("ios", None)),
        "personality": rng.choice(PERSONALITIES),
        "listener_age": rng.choice((17, 42, None)),
        "skipped": rng.choice((True, False, None)),
        "city": "Kathmandu",
        "latitude": 27.7,
        "longitude": 85.3,
        "source": "test",
    }
