"""The exports that the exactness tests run on: real ones where there are some, else made ones."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from listens.settings import CHECKOUT

DATA = Path(os.environ.get("PLAYCOUNT_TEST_DATA") or CHECKOUT.parent / "shared" / "data")

REAL = (("extended-json", "extended", "ann"), ("account-json", "account", "bob"))


@dataclass(frozen=True)
class Export:
    """One file, whose it is, and its format's name in the independent count."""

    path: Path
    form: str
    listener: str


def exports(folder: Path) -> list[Export]:
    """Files of two listeners, alternating, so that any half holds both."""
    real = [
        [Export(path, form, listener) for path in sorted((DATA / name).glob("*.json"))]
        for name, form, listener in REAL
    ]
    if all(real):
        longest = max(map(len, real))
        return [files[n] for n in range(longest) for files in real if n < len(files)]
    return [made(folder, seed, "ann" if seed % 2 else "bob") for seed in range(1, 5)]


def made(folder: Path, seed: int, listener: str) -> Export:
    """A simulated history of 1,500 rows."""
    path = folder / f"{seed}.csv"
    command = [sys.executable, str(CHECKOUT / "playcount"), "simulate", "--rows", "1500"]
    command += ["--format", "spotify-csv"]
    subprocess.run(
        [*command, "--seed", str(seed), "--out", str(path)], check=True, capture_output=True
    )
    return Export(path, "csv", listener)
