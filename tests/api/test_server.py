"""The server as a process: it stops gracefully, and says why it doesn't start."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from unittest.mock import Mock

import pytest

from api.server import check_address, options, serve
from listens.errors import UserMistakeError
from listens.reach import is_loopback
from listens.settings import CHECKOUT, Settings

NOWHERE = "mongodb://127.0.0.1:1/?replicaSet=rs0"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_sigterm_ends_it_with_zero_also_without_mongodb():
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", "from api.cli import app; app()"],
        cwd=CHECKOUT,
        env=os.environ | {"PLAYCOUNT_API_PORT": str(port), "PLAYCOUNT_MONGO_URI": NOWHERE},
        stderr=subprocess.PIPE,
    )
    try:
        assert answers(port)
        process.terminate()
        assert process.wait(timeout=15) == 0
        assert b"Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def answers(port: int) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


def test_a_port_in_use_is_the_users_mistake(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        monkeypatch.setattr("api.server.Server.run", lambda _: None)
        with pytest.raises(UserMistakeError) as caught:
            serve(Settings().model_copy(update={"api_port": port, "mongo_uri": NOWHERE}))

    assert str(caught.value) == (
        f"port {port} of 127.0.0.1 is in use; stop what uses it, or set PLAYCOUNT_API_PORT"
    )
    assert caught.value.exit_code == 2


def test_an_address_of_another_machine_is_the_users_mistake():
    with pytest.raises(UserMistakeError, match="PLAYCOUNT_API_HOST"):
        check_address("192.0.2.1", free_port())


@pytest.mark.parametrize("uri", ["http://localhost", "mongodb://a:b@c@d/", "mongodb://h:port/"])
def test_a_connection_string_that_cant_be_used_is_told_before_the_start(monkeypatch, uri):
    monkeypatch.setattr("api.server.Server.run", lambda _: None)
    with pytest.raises(UserMistakeError, match="PLAYCOUNT_MONGO_URI"):
        serve(Settings().model_copy(update={"mongo_uri": uri}))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.168.1.2", False),
        ("::", False),
        ("music.example", False),
    ],
)
def test_only_loopback_is_out_of_reach_of_others(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("update", "reach"),
    [
        ({"api_host": "0.0.0.0"}, "0.0.0.0 can be reached from other machines"),
        ({"api_host": "::"}, ":: can be reached from other machines"),
        ({"api_proxies": 1}, "PLAYCOUNT_API_PROXIES lets others in"),
    ],
)
def test_it_refuses_to_start_where_others_would_not_be_asked_who_they_are(
    monkeypatch, update, reach
):
    monkeypatch.setattr("api.server.Server.run", lambda _: pytest.fail("it started"))

    with pytest.raises(UserMistakeError) as caught:
        serve(Settings().model_copy(update={"mongo_uri": NOWHERE} | update))

    assert str(caught.value) == (
        f"{reach}, and nobody is asked who they are: set PLAYCOUNT_ACCESS=on, and add a user by "
        "./playcount user add NAME --role admin (docs/access.md), or bind to 127.0.0.1"
    )
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("update", "warnings"),
    [
        ({}, 0),
        ({"api_host": "0.0.0.0", "access": "on"}, 0),
        ({"api_host": "0.0.0.0", "access": "container"}, 1),
    ],
)
def test_it_starts_where_nobody_else_comes_or_all_are_asked(monkeypatch, caplog, update, warnings):
    run = Mock()
    monkeypatch.setattr("api.server.Server.run", run)
    caplog.set_level(logging.WARNING)

    serve(Settings().model_copy(update={"api_port": free_port(), "mongo_uri": NOWHERE} | update))

    run.assert_called_once()
    assert len(caplog.records) == warnings


def test_the_command_refuses_with_two():
    done = subprocess.run(
        [sys.executable, CHECKOUT / "playcount", "serve"],
        env=os.environ | {"PLAYCOUNT_API_HOST": "0.0.0.0"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "PLAYCOUNT_ACCESS=on" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_of_ip_version_6_is_bracketed():
    settings = Settings().model_copy(update={"api_host": "::1", "api_port": 5001})

    assert options(settings)["bind"] == "[::1]:5001"
