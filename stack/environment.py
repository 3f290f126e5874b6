"""What Playcount runs in: a virtual environment, a Java runtime and jars; standard library only.

This runs before anything is installed, so it can't ask `listens.settings` for the jar folder.
"""

from __future__ import annotations

import fcntl
import os
import sys
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack import system_packages
from stack.jars import JarFolder, file_hash, jar_folders
from stack.java import find_java_home
from stack.steps import run, say, step

CHECKOUT = Path(__file__).resolve().parents[1]
RUNTIME_LOCK = "requirements.lock"
SINKS_LOCK = "requirements-sinks.lock"
DEVELOPMENT_LOCK = "requirements-dev.lock"


@dataclass(frozen=True)
class Environment:
    """The environment of one checkout."""

    checkout: Path
    jars: Path
    cluster: bool = False

    @property
    def venv(self) -> Path:
        """The virtual environment's folder."""
        return self.checkout / ".venv"

    @property
    def python(self) -> Path:
        """The interpreter that everything runs in."""
        return self.venv / "bin" / "python"

    def is_active(self) -> bool:
        """Whether this very process runs in the virtual environment."""
        return Path(sys.prefix).resolve() == self.venv.resolve()

    def stale_locks(self, locks: tuple[str, ...]) -> list[str]:
        """Lock files that aren't what was installed last."""
        return [name for name in locks if not self._is_installed(name)]

    def stale_jars(self) -> list[JarFolder]:
        """Jar folders that are missing, half made, or older than their POM."""
        return [
            folder
            for folder in jar_folders(self.jars, cluster=self.cluster)
            if not folder.is_current()
        ]

    def log(self, name: str) -> Path:
        """Where the output of a step goes."""
        return self.checkout / ".playcount" / "logs" / f"environment-{name}.log"

    def stamp(self, lock: str) -> Path:
        """Names the hash of the lock file that was installed to its end."""
        return self.venv / f"{lock}.sha256"

    def _is_installed(self, lock: str) -> bool:
        stamp = self.stamp(lock)
        return stamp.exists() and stamp.read_text().strip() == file_hash(self.checkout / lock)


def this_environment() -> Environment:
    """The environment of this checkout, with the jar folder that the settings name."""
    jars = os.environ.get("PLAYCOUNT_JARS") or CHECKOUT / ".playcount" / "jars"
    return Environment(
        CHECKOUT, Path(jars), cluster=os.environ.get("PLAYCOUNT_PROFILE") == "cluster"
    )


def ensure(environment: Environment, *, development: bool = False, sinks: bool = False) -> None:
    """Make what is missing or stale; when nothing is, this costs milliseconds.

    The drivers of the sinks are kept up from when they were wanted first; development wants them.

    Raises:
        UserMistakeError: a system package is missing and this isn't root.
        PlaycountError: pip or Maven failed.
    """
    locks: tuple[str, ...] = (RUNTIME_LOCK,)
    if sinks or development or environment.stamp(SINKS_LOCK).exists():
        locks += (SINKS_LOCK,)
    if development:
        locks += (DEVELOPMENT_LOCK,)
    if _is_complete(environment, locks) and not (
        development and system_packages.missing_test_packages()
    ):
        return
    with _only_one(environment.checkout / ".playcount" / "environment.lock"):
        _make(environment, locks, development=development)


def _is_complete(environment: Environment, locks: tuple[str, ...]) -> bool:
    return (
        not environment.stale_locks(locks)
        and not environment.stale_jars()
        and find_java_home() is not None
    )


def _make(environment: Environment, locks: tuple[str, ...], *, development: bool) -> None:
    # Asked again, now alone: another start may just have made it all.
    stale_locks = environment.stale_locks(locks)
    stale_jars = environment.stale_jars()
    packages = system_packages.missing_packages(
        jars_wanted=bool(stale_jars), venv_wanted=bool(stale_locks)
    )
    if development:
        packages += system_packages.missing_test_packages()
    system_packages.install(packages, log=environment.log("apt"))
    # pip waits for the network and Maven for its own: together they take as long as the longer.
    with ThreadPoolExecutor(max_workers=2) as pool:
        jobs = [
            pool.submit(_install_locks, environment, stale_locks),
            pool.submit(_fetch_jars, environment, stale_jars),
        ]
    for job in jobs:
        job.result()


def _install_locks(environment: Environment, stale: list[str]) -> None:
    if stale and not environment.stamp(RUNTIME_LOCK).exists():
        with step(f"virtual environment in {environment.venv.name}"):
            # No stamp: nothing, or half of it, is there. Both start from an empty folder.
            venv.EnvBuilder(clear=True, symlinks=True, with_pip=True).create(environment.venv)
    for name in stale:
        stamp = environment.stamp(name)
        stamp.unlink(missing_ok=True)
        with step(f"Python packages of {name}"):
            run(_pip(environment, name), log=environment.log("pip"))
        stamp.write_text(file_hash(environment.checkout / name) + "\n")


def _pip(environment: Environment, lock: str) -> list[str | Path]:
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"]
    pip: list[str | Path] = [environment.python, "-m", "pip", "install"]
    return [*pip, *options, "-r", environment.checkout / lock]


def _fetch_jars(environment: Environment, stale: list[JarFolder]) -> None:
    for folder in stale:
        folder.fetch(log=environment.log(f"maven-{folder.product}"))


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another start that is making the environment …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
