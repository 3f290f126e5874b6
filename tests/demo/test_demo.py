"""The demo as a new user types it: from a file to charts, a live replay, and nothing left over."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

from listens.settings import CHECKOUT, Settings
from stack.leftovers import stack_processes
from stack.probes import api_url
from stack.processes import settings_environment
from tests.crashes.harness import eventually
from tests.pipeline.independent import Count

PATIENCE_SECONDS = 200
ROWS = 1_200  # from a thousand on, the demo runs a batch
TOP = re.compile(r"^\s*(\d+) +(.+?)  +.+?  +(\d+)   +\1 ", re.MULTILINE)


def recent_titles(settings: Settings) -> list[str]:
    with urllib.request.urlopen(f"{api_url(settings)}/api/recent?limit=50", timeout=20) as answer:
        return [item["title"] for item in json.load(answer)["items"]]


def test_from_a_file_to_a_live_page(new_settings: Callable[[], Settings], tmp_path: Path) -> None:
    settings = new_settings()
    environment = os.environ | settings_environment(settings) | {"COLUMNS": "160"}
    command = [sys.executable, str(CHECKOUT / "playcount")]
    history, said = tmp_path / "history.csv", tmp_path / "said.txt"
    simulate = ("simulate", "--rows", str(ROWS), "--seed", "5", "--out", str(history))
    simulate += ("--format", "spotify-csv")
    subprocess.run([*command, *simulate], env=environment, check=True, capture_output=True)
    with said.open("w") as out:
        demo = subprocess.Popen(
            [*command, "demo", str(history), "--rate", "20"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        eventually(
            lambda: "Ctrl-C ends it" in said.read_text() or demo.poll() is not None,
            "the demo replays",
            seconds=PATIENCE_SECONDS,
        )
        assert demo.poll() is None, said.read_text()
        printed = [(title, int(plays)) for _, title, plays in TOP.findall(said.read_text())]
        counted = Count([("demo", "csv", history)]).chart("songs")
        plays = sorted((measures[1] for measures in counted.values()), reverse=True)
        assert [number for _, number in printed] == plays[: len(printed)]
        assert len(printed) == 10
        assert "audit: equals version 0 plus" in said.read_text()

        before = recent_titles(settings)
        eventually(
            lambda: recent_titles(settings) != before,
            "replayed listens in the API",
            seconds=PATIENCE_SECONDS,
        )

        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=60) == 0, said.read_text()
        assert stack_processes(settings) == []
    finally:
        demo.kill()
        subprocess.run([*command, "down"], env=environment, check=True)
