"""What is found stale, and what is said when a package is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from listens.errors import PlaycountError, UserMistakeError
from stack import system_packages
from stack.environment import RUNTIME_LOCK, SINKS_LOCK, Environment, ensure
from stack.jars import JarFolder, file_hash
from stack.java import java_version
from stack.steps import run


@pytest.fixture
def checkout(tmp_path: Path) -> Environment:
    (tmp_path / ".venv").mkdir()
    (tmp_path / RUNTIME_LOCK).write_text("flask==3 --hash=sha256:0\n")
    return Environment(tmp_path, tmp_path / "jars")


def test_a_lock_is_current_only_as_it_was_installed(checkout: Environment) -> None:
    assert checkout.stale_locks((RUNTIME_LOCK,)) == [RUNTIME_LOCK]

    checkout.stamp(RUNTIME_LOCK).write_text(file_hash(checkout.checkout / RUNTIME_LOCK))
    assert checkout.stale_locks((RUNTIME_LOCK,)) == []

    (checkout.checkout / RUNTIME_LOCK).write_text("flask==4 --hash=sha256:0\n")
    assert checkout.stale_locks((RUNTIME_LOCK,)) == [RUNTIME_LOCK]


def test_jars_are_current_only_when_they_were_copied_to_the_end(checkout: Environment) -> None:
    (kafka, spark) = checkout.stale_jars()
    kafka.folder.mkdir(parents=True)
    (kafka.folder / "half.jar").touch()

    assert checkout.stale_jars() == [kafka, spark]

    kafka.stamp.write_text(file_hash(kafka.pom))
    assert checkout.stale_jars() == [spark]


def test_a_failed_fetch_leaves_the_old_jars(
    checkout: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka = JarFolder("kafka", checkout.jars / "kafka")
    kafka.folder.mkdir(parents=True)
    (kafka.folder / "old.jar").touch()
    monkeypatch.setattr(JarFolder, "_maven", lambda _self, _target: ["false"])

    with pytest.raises(PlaycountError, match="false failed"):
        kafka.fetch(log=checkout.log("maven"))

    assert [path.name for path in checkout.jars.rglob("*")] == ["kafka", "old.jar"]


def test_without_root_the_line_to_type_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")

    with pytest.raises(UserMistakeError) as caught:
        system_packages.install(["maven", "libcurl4"], log=tmp_path / "log")

    line = "sudo apt-get install -y --no-install-recommends maven libcurl4"
    assert line in str(caught.value)
    assert caught.value.exit_code == 2


def test_nothing_missing_installs_nothing(
    checkout: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.stamp(RUNTIME_LOCK).write_text(file_hash(checkout.checkout / RUNTIME_LOCK))
    for folder in checkout.stale_jars():
        folder.folder.mkdir(parents=True)
        folder.stamp.write_text(file_hash(folder.pom))
    monkeypatch.setattr("subprocess.run", lambda *_: pytest.fail("a command was run"))

    ensure(checkout)


def test_drivers_of_sinks_are_installed_when_wanted_and_kept_up_from_then_on(
    checkout: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.stamp(RUNTIME_LOCK).write_text(file_hash(checkout.checkout / RUNTIME_LOCK))
    for folder in checkout.stale_jars():
        folder.folder.mkdir(parents=True)
        folder.stamp.write_text(file_hash(folder.pom))
    lock = checkout.checkout / SINKS_LOCK
    installed = []
    monkeypatch.setattr("stack.environment.run", lambda command, **_: installed.append(command[-1]))

    lock.write_text("psycopg==1 --hash=sha256:0\n")
    ensure(checkout)
    assert installed == []

    ensure(checkout, sinks=True)
    ensure(checkout)
    assert installed == [lock]

    lock.write_text("psycopg==2 --hash=sha256:0\n")
    ensure(checkout)
    assert installed == [lock, lock]


def test_a_failed_step_shows_its_last_lines(tmp_path: Path) -> None:
    script = "for i in $(seq 40); do echo line $i; done; exit 3"

    with pytest.raises(PlaycountError) as caught:
        run(["bash", "-c", script], log=tmp_path / "logs" / "step.log")

    assert "bash failed (exit 3)" in str(caught.value)
    assert str(caught.value).endswith("line 39\nline 40")
    assert "line 20" not in str(caught.value)


@pytest.mark.parametrize(
    ("release", "expected"), [('JAVA_VERSION="17.0.15"', 17), ('JAVA_VERSION="1.8.0"', 1), ("", 0)]
)
def test_the_version_of_a_java_home(tmp_path: Path, release: str, expected: int) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch()
    (tmp_path / "release").write_text(f'IMPLEMENTOR="Debian"\n{release}\n')

    assert java_version(tmp_path) == expected
