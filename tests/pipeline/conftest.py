"""The whole pipeline in one test process: real Kafka, real MongoDB, Spark as in `stream`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from kafka import KafkaProducer
from pyspark.sql import SparkSession

from api.application import create_app
from batch import recount
from batch.verify import verify
from listens import topic
from listens.settings import CHECKOUT, Settings
from listens.store import Document, Store, connect, ensure_indexes
from stack.processes import settings_environment
from streaming import application


@dataclass
class Pipeline:
    """The layers around one database, topic, archive and checkpoint."""

    spark: SparkSession
    settings: Settings
    store: Store
    client: FlaskClient
    told: list[str] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """For processes that are to use the same stack."""
        return os.environ | settings_environment(self.settings)

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `./playcount` as its user does."""
        return subprocess.run(
            [sys.executable, str(CHECKOUT / "playcount"), *arguments],
            env=self.environment(),
            text=True,
            capture_output=True,
            check=check,
            timeout=300,
        )

    def send_file(self, path: Path, listener: str) -> dict[str, Any]:
        """Import a file by the command; its balance as JSON."""
        done = self.command("import", str(path), "--listener", listener, "--json", check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def send(self, messages: list[tuple[bytes | None, bytes]]) -> None:
        """Send raw messages, in order."""
        producer = KafkaProducer(bootstrap_servers=self.settings.bootstrap_servers)
        for key, value in messages:
            producer.send(self.settings.topic, key=key, value=value)
        producer.flush()
        producer.close()

    def drain(self) -> None:
        """Run both queries, from a new start, to the topic's end."""
        described = topic.describe(self.settings)
        starters = application.starters(
            self.spark,
            store=self.store,
            settings=self.settings,
            described=described,
            once=True,
        )
        for query in [begin() for begin in starters]:
            query.awaitTermination()
            assert query.exception() is None

    def batch(self, tell: recount.Tell = lambda _step: None) -> Document:
        """Run a batch."""
        return recount.run(self.spark, self.store, settings=self.settings, tell=tell)

    def verify(self) -> list[str]:
        """What a recount finds wrong."""
        return verify(self.spark, self.store, settings=self.settings, tell=lambda _step: None)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Ask the API."""
        answer = self.client.get(path, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.get_json()


@pytest.fixture
def pipeline(spark: SparkSession, fresh_topic: Settings) -> Iterator[Pipeline]:
    """A pipeline through which nothing has gone yet."""
    store = connect(fresh_topic)
    ensure_indexes(store)
    client = create_app(fresh_topic, store).test_client()
    yield Pipeline(spark, fresh_topic, store, client)
    store.client.close()
