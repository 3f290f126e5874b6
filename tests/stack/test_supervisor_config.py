"""The files that `up` writes."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from listens.errors import UserMistakeError
from listens.settings import Settings
from stack.kafka import server_properties
from stack.layout import LONGEST_SOCKET_PATH, Layout, layout
from stack.processes import settings_environment
from stack.supervisor import Supervisor
from stack.supervisor_config import supervisor_config


def programs_of(settings: Settings) -> dict:
    """The configuration as supervisor itself reads it."""
    layout(settings).make_folders()
    Supervisor(settings).write_config()
    options = ServerOptions()
    options.realize(args=["-c", str(layout(settings).supervisor_config)])
    return {
        process.name: process
        for group in options.process_group_configs
        for process in group.process_configs
    }


def test_supervisor_reads_back_what_was_meant(tmp_path: Path) -> None:
    """Percent signs, quotes, commas and blanks in a path mean nothing to supervisor."""
    home = tmp_path / '100% "of", it'

    programs = programs_of(Settings(home=home, time_zone="Europe/Berlin"))

    assert list(programs) == ["api", "kafka", "mongod", "scheduler", "streaming"]
    streaming = programs["streaming"]
    assert streaming.environment["PLAYCOUNT_HOME"] == str(home)
    assert streaming.environment["PLAYCOUNT_TIME_ZONE"] == "Europe/Berlin"
    assert streaming.environment["PLAYCOUNT_COMPONENT"] == "streaming"
    assert streaming.stdout_logfile == str(home / "logs" / "streaming.log")
    assert str(home / "data" / "mongo") in shlex.split(programs["mongod"].command)


def test_the_sinks_of_the_settings_run_here(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, sinks="postgres, azure", postgres_uri="postgresql://db")

    programs = programs_of(settings)

    assert [name for name in programs if name.startswith("sink-")] == [
        "sink-azure",
        "sink-postgres",
    ]
    assert programs["sink-azure"].command.endswith("playcount sink run azure")
    assert programs["sink-postgres"].environment["PLAYCOUNT_POSTGRES_URI"] == "postgresql://db"


def test_a_component_is_always_restarted(tmp_path: Path) -> None:
    for program in programs_of(Settings(home=tmp_path)).values():
        assert program.autorestart.__name__ == "RestartUnconditionally"
        assert program.startretries == 1000
        assert program.killasgroup
        assert not program.stopasgroup


def test_a_service_that_runs_elsewhere_is_not_started_here(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, kafka_servers="kafka.test:9092", mongo_uri="mongodb://db")

    assert list(programs_of(settings)) == ["api", "scheduler", "streaming"]


def test_only_its_owner_reads_the_configuration(tmp_path: Path) -> None:
    """A connection string may hold a password."""
    settings = Settings(home=tmp_path)
    programs_of(settings)

    mode = stat.S_IMODE(layout(settings).supervisor_config.stat().st_mode)

    assert mode == 0o600


def test_another_kafka_port_changes_kafka_and_not_only_its_file(tmp_path: Path) -> None:
    """Or the supervisor, which compares programs, wouldn't restart it."""
    one = programs_of(Settings(home=tmp_path, kafka_port=1111))["kafka"]
    other = programs_of(Settings(home=tmp_path, kafka_port=2222))["kafka"]

    assert one != other


def test_kafka_listens_on_this_machine_alone_on_the_ports_of_the_settings(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, kafka_port=1111, kafka_controller_port=2222)

    lines = server_properties(settings).splitlines()

    assert "listeners=PLAINTEXT://127.0.0.1:1111,CONTROLLER://127.0.0.1:2222" in lines
    assert f"log.dirs={tmp_path}/data/kafka" in lines


def test_settings_survive_the_way_through_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path, topic="other", speed_trigger_seconds=0.5, log_level="DEBUG")

    for name, value in settings_environment(settings).items():
        monkeypatch.setenv(name, value)

    assert Settings() == settings


def test_a_deep_home_gets_its_socket_in_the_temporary_folder() -> None:
    """Linux takes 107 bytes for a socket's path."""
    shallow, deep = Layout(Path("/a")), Layout(Path("/a" * 80))

    assert shallow.supervisor_socket == Path("/a/run/supervisor.sock")
    assert len(bytes(deep.supervisor_socket)) <= LONGEST_SOCKET_PATH
    assert deep.supervisor_socket != Layout(Path("/b" * 80)).supervisor_socket


@pytest.mark.parametrize("value", ["one \" and '", "'ends'", "a ; b", "a\nb"])
def test_a_value_that_supervisor_would_cut_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(UserMistakeError, match="can't be handed to the components"):
        supervisor_config(Settings(home=tmp_path, cors_origins=value))


def test_no_variable_is_left_open(tmp_path: Path) -> None:
    assert "$" not in supervisor_config(Settings(home=tmp_path))
