"""A deployment that counts wrongly, undone as docs/operations.md says ("A bad deployment")."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from batch import versions
from tests.pipeline.conftest import Pipeline
from tests.pipeline.deployments import BAD_RULE, deployed
from tests.pipeline.exports import made
from tests.pipeline.test_charts_equal_the_files import assert_all_charts, count_of


def command(pipeline: Pipeline, checkout: Path, *arguments: str) -> int:
    """The exit status of a command of another deployment."""
    return subprocess.run(
        [sys.executable, str(checkout / "playcount"), *arguments],
        env=pipeline.environment(),
        check=False,
        timeout=300,
    ).returncode


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_what_a_bad_deployment_counted_is_found_and_counted_again(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    histories = [made(tmp_path, seed, "ann" if seed % 2 else "bob") for seed in (1, 2)]
    bad = deployed(tmp_path / "bad", BAD_RULE)
    pipeline.send_file(histories[0].path, histories[0].listener)
    pipeline.drain()
    good = pipeline.batch()["_id"]

    pipeline.send_file(histories[1].path, histories[1].listener)
    assert command(pipeline, bad, "stream", "--until-drained") == 0
    assert command(pipeline, bad, "batch", "run") == 0
    assert versions.current(pipeline.store)["rules_version"] == 99
    with pytest.raises(AssertionError):
        assert_all_charts(pipeline, count_of(histories))

    pipeline.command("batch", "rollback")
    assert versions.current(pipeline.store)["_id"] == good
    assert pipeline.verify()[0].startswith("the recount from raw events differs from version")
    pipeline.command("rebuild", "--force")

    assert_all_charts(pipeline, count_of(histories))
    assert pipeline.verify() == []
