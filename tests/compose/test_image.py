"""What the Dockerfile's steps rely on, without an engine: the same steps in a folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from listens.settings import CHECKOUT
from stack.environment import this_environment
from tests.compose.conftest import FOLDER

DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")


def test_the_environment_is_made_from_what_is_copied_before_it(tmp_path: Path) -> None:
    """Only these files are there when `./playcount env` runs; all else would break the cache."""
    copied = re.findall(r"^COPY (?!--)(.+)$", DOCKERFILE.split("RUN --mount")[0], re.MULTILINE)
    for sources in copied:
        *names, _ = sources.split()
        for name in names:
            if (CHECKOUT / name).is_dir():
                shutil.copytree(CHECKOUT / name, tmp_path / name)
            else:
                shutil.copy2(CHECKOUT / name, tmp_path / name)
    # Already made, so that the step only looks whether it's complete.
    (tmp_path / ".venv").symlink_to(this_environment().venv)
    environment = os.environ | {"PLAYCOUNT_JARS": str(this_environment().jars)}

    done = subprocess.run(
        [sys.executable, str(tmp_path / "playcount"), "env"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.returncode == 0
    assert not (tmp_path / ".playcount").exists()


def test_the_last_copy_leaves_the_environment_alone() -> None:
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()

    assert {".venv", ".playcount", ".git", "tests"} <= set(ignored)


def test_a_health_check_says_why_a_component_does_not_work() -> None:
    command = [sys.executable, "-m", "stack.healthcheck"]
    nowhere = os.environ | {"PLAYCOUNT_API_PORT": "1", "PLAYCOUNT_API_HOST": "127.0.0.1"}

    down = subprocess.run(
        [*command, "api"], cwd=CHECKOUT, env=nowhere, capture_output=True, text=True, check=False
    )
    unknown = subprocess.run(
        [*command, "redis"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )

    assert down.returncode == 1
    assert down.stderr.startswith("GET http://127.0.0.1:1/healthz: ")
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("name one component: kafka, ")
