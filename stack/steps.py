"""Steps of making the environment, each told in a line; standard library only."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from listens.errors import PlaycountError

TAIL_LINES = 15


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say on stderr that `what` begins, and how long it took."""
    say(f"{what} …")
    began = time.monotonic()
    yield
    say(f"{what}: done in {time.monotonic() - began:.0f} s")


def say(line: str) -> None:
    """One line of progress; plain text because Rich may not be installed yet."""
    print(f"playcount: {line}", file=sys.stderr, flush=True)


def run(command: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None) -> None:
    """Run `command` with its output in `log`.

    Raises:
        PlaycountError: the command failed; the message has its last lines.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        code = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            check=False,
        ).returncode
    if code != 0:
        last_lines = "\n".join(tail(log, TAIL_LINES))
        raise PlaycountError(
            f"{Path(command[0]).name} failed (exit {code}); all of its output is in {log}, "
            f"its last lines:\n{last_lines}"
        )


def tail(log: Path, lines: int) -> list[str]:
    """The last lines of a file; none when it doesn't exist."""
    if not log.exists():
        return []
    return log.read_text(errors="replace").splitlines()[-lines:]
