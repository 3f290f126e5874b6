"""The examples of docs/scheduling.md are read by those who would run them."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cronsim import CronSim

from listens.settings import CHECKOUT

PAGE = (CHECKOUT / "docs" / "scheduling.md").read_text(encoding="utf-8")
UNITS = dict(re.findall(r"`/etc/systemd/system/(\S+)`:\n```ini\n(.*?)```", PAGE, re.DOTALL))


def block(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd isn't installed here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    assert sorted(UNITS) == ["playcount-batch.service", "playcount-batch.timer"]
    for name, text in UNITS.items():
        here = text.replace("/opt/playcount", str(CHECKOUT)).replace("=playcount\n", "=daemon\n")
        (tmp_path / name).write_text(here)

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd isn't installed here")
def test_systemd_takes_the_calendar() -> None:
    [calendar] = re.findall(r"OnCalendar=(.*)", UNITS["playcount-batch.timer"])

    subprocess.run(["systemd-analyze", "calendar", calendar], check=True, capture_output=True)


def test_the_crontab_has_a_time_a_user_and_a_command() -> None:
    [line] = [line for line in block("crontab").splitlines() if "playcount batch run" in line]
    *fields, user, command = line.split(maxsplit=6)

    assert next(CronSim(" ".join(fields), datetime(2026, 1, 1, tzinfo=UTC))).hour == 2
    assert user == "playcount"
    subprocess.run(["bash", "-n", "-c", command], check=True)


def test_the_dag_is_python_and_runs_a_command_that_bash_reads() -> None:
    tree = ast.parse(block("python"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    arguments = {
        keyword.arg: ast.literal_eval(keyword.value)
        for call in calls
        for keyword in call.keywords
        if isinstance(keyword.value, ast.Constant)
    }

    assert arguments["schedule"] == "0 2 * * *"
    assert arguments["max_active_runs"] == 1
    subprocess.run(["bash", "-n", "-c", arguments["bash_command"]], check=True)
