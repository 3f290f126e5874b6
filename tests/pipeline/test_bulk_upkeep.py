"""Bulk loads under the archive's upkeep: they are checked, erased, and found after a loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.archive.check import check
from batch.erasure.erase import erase
from batch.erasure.verify import verify
from batch.rebuild.rebuild import rebuild
from listens import bulk_loads
from listens.errors import PlaycountError, UserMistakeError
from tests.pipeline.conftest import Pipeline
from tests.pipeline.exports import Export, made
from tests.pipeline.independent import Count
from tests.pipeline.test_bulk import (
    LISTENER,
    assert_exact,
    bulk_import,
    killed_at,
    part_of,
    staged,
)
from tests.pipeline.test_charts_equal_the_files import assert_same, windows_of
from tests.pipeline.test_rebuild import lose_mongodb


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Export:
    return made(tmp_path_factory.mktemp("bulk"), 7, LISTENER)


def problems(pipeline: Pipeline) -> list[str]:
    return check(pipeline.spark, pipeline.store, settings=pipeline.settings).problems


def test_a_listener_with_a_bulk_load_is_erased(
    pipeline: Pipeline, history: Export, tmp_path: Path
) -> None:
    bob = made(tmp_path, 8, "bob")
    middle, later = part_of(history, tmp_path, 0.2, 0.7), part_of(history, tmp_path, 0.6, 1)
    pipeline.send_file(part_of(history, tmp_path, 0, 0.4), LISTENER)
    pipeline.send_file(bob.path, "bob")
    pipeline.drain()
    bulk_import(pipeline, middle)
    with pytest.raises(UserMistakeError, match="isn't counted yet"):
        erase(lambda: pipeline.spark, pipeline.store, settings=pipeline.settings, listener=LISTENER)
    assert problems(pipeline) == []
    pipeline.batch()
    pipeline.send_file(later, LISTENER)
    pipeline.drain()
    assert problems(pipeline) == []

    erase(lambda: pipeline.spark, pipeline.store, settings=pipeline.settings, listener=LISTENER)

    count = Count([("bob", "csv", bob.path)])
    (day,) = count.db.execute("SELECT median(local)::DATE FROM music").fetchone()
    for _ in range(2):
        for view in ("songs", "artists", "albums"):
            assert_same(pipeline, count, view, windows_of(day)[0], "ms_played")
        assert problems(pipeline) == []
        assert pipeline.verify() == []
        pipeline.batch()
    proof = verify(pipeline.spark, pipeline.store, settings=pipeline.settings, listener=LISTENER)
    # What has left the table stays in its files until upkeep.
    assert {trace.where for trace in proof.traces} <= {"archive's files"}
    assert bulk_import(pipeline, middle)["duplicate"] == 0


@pytest.mark.soak
@pytest.mark.parametrize("state", [None, bulk_loads.WRITTEN, bulk_loads.CLAIMED])
def test_loads_are_found_again_after_mongodb_is_lost(
    pipeline: Pipeline, history: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    state: str | None,
) -> None:  # fmt: skip
    middle = part_of(history, tmp_path, 0.3, 1)
    pipeline.send_file(part_of(history, tmp_path, 0, 0.5), LISTENER)
    pipeline.drain()
    if state is None:
        bulk_import(pipeline, middle)
    else:
        number = staged(pipeline, middle)
        killed_at(pipeline, monkeypatch, number, state=state, noted=True)
        with pytest.raises(PlaycountError, match="is under way"):
            problems(pipeline)
    lose_mongodb(pipeline)

    rebuild(pipeline.spark, pipeline.store, settings=pipeline.settings, force=False)

    assert_exact(pipeline, history.path)
    assert problems(pipeline) == []
    assert pipeline.verify() == []
    pipeline.send_file(history.path, LISTENER)
    pipeline.drain()
    pipeline.batch()
    assert_exact(pipeline, history.path)
    assert bulk_import(pipeline, history.path)["new"] == 0
