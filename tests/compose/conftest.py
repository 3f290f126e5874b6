"""The Compose file, and the programs that check it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from listens.settings import CHECKOUT
from tests.debian_packages import program

COMPOSE_FILE = CHECKOUT / "docker-compose.yml"
FOLDER = CHECKOUT / "stack" / "compose"


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """The file, with its anchors merged."""
    return YAML(typ="safe").load(COMPOSE_FILE)


@pytest.fixture(scope="session")
def docker_compose() -> Path:
    """Compose itself, which reads and checks a file without an engine."""
    path = "usr/libexec/docker/cli-plugins/docker-compose"
    return program("docker-compose", path, suite="trixie")


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Prometheus' checker."""
    return program("prometheus", "usr/bin/promtool")


@pytest.fixture(scope="session")
def prometheus() -> Path:
    """Prometheus."""
    return program("prometheus", "usr/bin/prometheus")
