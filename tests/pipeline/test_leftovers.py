"""Old checkpoints go with upkeep; those in use, and what isn't ours, stay."""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlparse

import pytest

from batch.archive.upkeep import optimize
from listens import codec
from listens import store as collections
from streaming.application import CHECKPOINTED_BATCHES
from tests.aggregation.listens import listen
from tests.pipeline.conftest import Pipeline

AT = datetime(2024, 1, 5, 8, tzinfo=UTC)
RETENTION_HOURS = 2.0


def count_one(pipeline: Pipeline, minute: int) -> None:
    ended_at = AT + timedelta(minutes=minute)
    row = listen("ann", ended_at, 40_000, 1, "web", "DE", None, None, "music", True)
    pipeline.send([(b"ann", codec.encode(row))])
    pipeline.drain()


@pytest.fixture
def checkpoints(pipeline: Pipeline) -> Path:
    """Of both queries; beside them three more, and a folder that is none.

    The three are of an old query, of another topic, and one that can't be read. All but that of
    `archive` were left three hours ago.
    """
    count_one(pipeline, 0)
    place = Path(urlparse(pipeline.settings.checkpoints).path)
    shutil.copytree(place / "speed", place / "counts")
    shutil.copytree(place / "speed", place / "of-another-topic")
    for offsets in (place / "of-another-topic" / "offsets").glob("[0-9]*"):
        offsets.write_text(offsets.read_text().replace(pipeline.settings.topic, "other"))
        (offsets.parent / f".{offsets.name}.crc").unlink()
    shutil.copytree(place / "speed", place / "damaged")
    for offsets in (place / "damaged" / "offsets").glob("[0-9]*"):
        offsets.write_text(offsets.read_text().replace("v1", "v2"))
    (place / "notes").mkdir()
    (place / "notes" / "metadata").write_text("whose?")
    for name in ("speed", "counts", "of-another-topic", "damaged", "notes"):
        age(place / name, hours=3)
    return place


def age(folder: Path, *, hours: float) -> None:
    then = time.time() - hours * 3600
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (then, then))


def beat(pipeline: Pipeline) -> None:
    alive = {"$set": {"at": datetime.now(UTC)}}
    pipeline.store[collections.HEARTBEATS].update_one({"_id": "streaming"}, alive, upsert=True)


def removed(pipeline: Pipeline) -> list[str]:
    wanted = {"checkpoint_retention_hours": RETENTION_HOURS}
    settings = pipeline.settings.model_copy(update=wanted)
    done = optimize(pipeline.spark, pipeline.store, settings=settings, retention_hours=1)
    return done.checkpoints


def test_an_old_checkpoint_goes_and_the_query_goes_on_without(
    pipeline: Pipeline, checkpoints: Path
) -> None:
    assert removed(pipeline) == ["counts", "speed"]

    left = {path.name for path in checkpoints.iterdir()}
    assert left == {"archive", "damaged", "notes", "of-another-topic"}
    count_one(pipeline, 1)
    assert pipeline.get("/api/summary")["plays"] == 2


def test_a_quiet_application_keeps_its_checkpoints(pipeline: Pipeline, checkpoints: Path) -> None:
    age(checkpoints / "archive", hours=3)
    beat(pipeline)

    assert removed(pipeline) == ["counts"]
    assert {"speed", "archive"} <= {path.name for path in checkpoints.iterdir()}


def test_a_young_batch_keeps_an_old_folder(pipeline: Pipeline, checkpoints: Path) -> None:
    newest = max((checkpoints / "speed" / "offsets").glob("[0-9]*"))
    os.utime(newest)

    assert removed(pipeline) == ["counts"]


def test_a_checkpoint_remembers_a_few_batches(pipeline: Pipeline) -> None:
    more = 3
    for minute in range(CHECKPOINTED_BATCHES + more):
        count_one(pipeline, minute)

    place = Path(urlparse(pipeline.settings.checkpoints).path)
    for name in ("speed/offsets", "speed/commits", "archive/offsets"):
        kept = sorted(int(path.name) for path in (place / name).glob("[0-9]*"))
        assert kept[-1] == CHECKPOINTED_BATCHES + more - 1
        assert len(kept) <= CHECKPOINTED_BATCHES + 1, name
