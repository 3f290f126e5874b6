"""The command as a user types it: its exit codes, messages and start-up cost."""

from __future__ import annotations

import json
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from listens.settings import Settings
from stack.environment import this_environment
from stack.leftovers import stack_processes
from stack.processes import settings_environment

SCRIPT = this_environment().checkout / "playcount"


def playcount(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with these settings, to its end."""
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        env={**os.environ, **settings_environment(settings), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_loads_nothing_heavy() -> None:
    """It's typed often, and Spark alone takes a second to import."""
    code = (
        "import runpy, sys; sys.argv = ['playcount', '--help']\n"
        f"try: runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(sorted({'pyspark', 'pandas', 'pyarrow', 'flask'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=SCRIPT.parent,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "name",
    [
        *("up", "down", "status", "logs", "demo"),
        *("import", "imports", "simulate", "replay", "tail", "stream", "serve", "batch"),
    ],
)
def test_each_part_is_mounted(settings: Settings, name: str) -> None:
    done = playcount(settings, name, "--help")

    assert done.returncode == 0
    assert f"Usage: playcount {name}" in done.stdout


def test_the_version_is_a_line(settings: Settings) -> None:
    version = runpy.run_path(str(SCRIPT))["VERSION"]

    assert playcount(settings, "--version").stdout == f"{version}\n"


def test_a_taken_port_is_said_in_a_line(new_settings: Callable[[], Settings]) -> None:
    settings = new_settings()
    with socket.create_server(("127.0.0.1", settings.kafka_port)):
        done = playcount(settings, "up", "--only", "kafka")

    assert done.returncode == 2
    assert f"port {settings.kafka_port}, wanted for kafka, is taken by pid" in done.stderr
    assert "PLAYCOUNT_KAFKA_PORT" in done.stderr
    assert "Traceback" not in done.stderr
    assert stack_processes(settings) == []


@pytest.mark.parametrize("only", [["--only", "redis"], ["--only", "redis", "--only", "kafka"]])
def test_an_unknown_component_is_answered_with_the_known(
    settings: Settings, only: list[str]
) -> None:
    done = playcount(settings, "up", *only)

    assert done.returncode == 2
    assert (
        "no component 'redis'; this stack has kafka, mongod, streaming, scheduler, api"
        in done.stderr
    )


def test_a_setting_that_cannot_be_used_is_named(settings: Settings) -> None:
    done = playcount(settings.model_copy(update={"time_zone": "Mars"}), "status")

    assert done.returncode == 2
    assert "PLAYCOUNT_TIME_ZONE='Mars'" in done.stderr


def test_the_status_is_json_also_when_nothing_runs(new_settings: Callable[[], Settings]) -> None:
    done = playcount(new_settings(), "status", "--json")

    status = json.loads(done.stdout)
    assert done.returncode == 1
    assert status["healthy"] is False
    assert [part["name"] for part in status["components"]] == [
        *("kafka", "mongod", "streaming", "scheduler", "api")
    ]
    assert status["end_offsets"] is None


def test_down_where_nothing_runs_is_fine(new_settings: Callable[[], Settings]) -> None:
    assert playcount(new_settings(), "down").returncode == 0


def test_a_log_that_is_not_there_is_said(new_settings: Callable[[], Settings]) -> None:
    done = playcount(new_settings(), "logs", "kafka")

    assert done.returncode == 2
    assert "no log of 'kafka'; there are: none" in done.stderr


def test_a_demo_of_a_file_that_is_not_there_starts_nothing(
    new_settings: Callable[[], Settings],
) -> None:
    settings = new_settings()

    done = playcount(settings, "demo", "no_such.csv")

    assert done.returncode == 2
    assert "no file no_such.csv" in done.stderr
    assert stack_processes(settings) == []
