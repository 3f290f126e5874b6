"""Another deployment of Playcount: a copy of the checkout with a changed line."""

from __future__ import annotations

import shutil
from pathlib import Path

from listens.rules import RULES_VERSION
from listens.settings import CHECKOUT

FOLDERS = ("listens", "ingestion", "streaming", "batch", "api", "dashboard", "stack", "hadoop-conf")
FILES = (
    "playcount", "requirements.lock", "requirements-sinks.lock", "requirements-dev.lock",
)  # fmt: skip
RULES = Path("listens/rules.py")

BAD_RULE = {
    "PLAY_MS = 30_000": "PLAY_MS = 90_000",
    f"RULES_VERSION = {RULES_VERSION}": "RULES_VERSION = 99",
}
"""A wrong rule, and the number that says that it's meant."""


def deployed(place: Path, changes: dict[str, str]) -> Path:
    """A checkout at `place` whose rules have the changes, in the environment of this one."""
    for folder in FOLDERS:
        shutil.copytree(
            CHECKOUT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in FILES:
        shutil.copy2(CHECKOUT / name, place / name)
    (place / ".venv").symlink_to(CHECKOUT / ".venv")
    text = (place / RULES).read_text()
    for line, other in changes.items():
        assert text.count(line) == 1, line
        text = text.replace(line, other)
    (place / RULES).write_text(text)
    return place
